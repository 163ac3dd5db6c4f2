import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { pino, type Logger } from 'pino';
import { AppModule } from './app.module.js';
import type { Config } from './config/config.js';
import type { Database } from './database/database.js';
import { MarkazAdapter } from './http/adapter.js';
import { ClosedQuery } from './http/closed-query.js';
import { PUBLISHED, shareWithEverySite } from './http/cors.js';
import { readForms } from './http/forms.js';
import { InputPipe } from './http/input.js';
import { openApiDocument } from './http/openapi.js';
import { HomeLanguage } from './http/problem.js';
import { ProblemFilter } from './http/problem.filter.js';
import { guardSecretAddresses } from './http/secret-address.js';

/**
 * The application as the world meets it, not yet listening: shared by the server, the OpenAPI command and the tests.
 * @param connect false only describes the application, without a database
 */
export async function createApp(
  config: Config,
  database: Pick<Database, 'main' | 'reader'>,
  connect = true,
): Promise<NestFastifyApplication> {
  const home = new HomeLanguage();
  const logger = pino({ level: config.logLevel });
  const adapter = new MarkazAdapter(config, home, logger);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.for(config, database, home, connect), adapter, {
    logger: nestLogger(logger),
    // Nest's own parsers would take urlencoded bodies everywhere; Fastify's JSON parser stays.
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalPipes(new InputPipe());
  app.useGlobalInterceptors(new ClosedQuery());
  app.useGlobalFilters(new ProblemFilter(home));
  await secure(app);
  const document = openApiDocument(app);
  adapter.getInstance().get('/openapi.json', { config: PUBLISHED }, (_request, reply) => reply.send(document));
  SwaggerModule.setup('docs', app, document, { raw: false, customSiteTitle: 'Markaz API' });
  return app;
}

/** Strict by default: answers are data and load nothing. Only the API's own reading room at /docs may show itself. */
async function secure(app: NestFastifyApplication): Promise<void> {
  const nothing = { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] };
  await app.register(helmet as unknown as Parameters<typeof app.register>[0], {
    contentSecurityPolicy: { useDefaults: false, directives: nothing },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    // HTTPS is the proxy's to announce: sent over plain http on localhost it would only be ignored.
    strictTransportSecurity: false,
  });
  // Cookies are set by it and read by who needs one: it parses none by itself, and published content looks at none.
  await app.register(cookie as unknown as Parameters<typeof app.register>[0], { hook: false });
  shareWithEverySite(app.getHttpAdapter().getInstance());
  readForms(app.getHttpAdapter().getInstance());
  guardSecretAddresses(app.getHttpAdapter().getInstance());
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (request, reply, payload, done) => {
      if (/^\/docs(\/|$)/.test(request.routeOptions.url ?? '')) {
        void reply.header(
          'content-security-policy',
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
        );
      }
      done(null, payload);
    });
}

function nestLogger(logger: Logger): LoggerService {
  const write =
    (level: 'info' | 'error' | 'warn' | 'debug') =>
    (message: unknown, ...more: unknown[]) => {
      // Nest puts the context last, and a stack before it where there is one.
      const context = more.at(-1);
      const stack = more.length > 1 ? more[0] : undefined;
      logger[level]({ context, ...(stack === undefined ? {} : { stack }) }, String(message));
    };
  return { log: write('debug'), error: write('error'), warn: write('warn'), debug: write('debug'), fatal: write('error') };
}
