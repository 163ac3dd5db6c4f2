import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FirstEditor } from './accounts/first-editor.service.js';
import { createApp } from './app.setup.js';
import { Config, StartError } from './config/config.js';
import { openServer, prepareDatabase } from './database/database.js';
import { Waker } from './jobs/waker.js';
import { DevMailbox } from './mail/dev-mail.controller.js';
import { PrivacyJob } from './polls/privacy.job.js';
import { SampleService } from './sample/sample.service.js';

/** How long requests in progress may take to end once the process is asked to. */
const DRAIN_MS = 5_000;

/**
 * Starts the center (database, migrations, sample content, HTTP), serves until SIGINT, SIGTERM or SIGHUP, then drains: requests first, the
 * database last. Resolves when nothing is left running.
 * @throws StartError with a sentence a person can act on
 */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  // From the first moment on: a signal during the start must not leave a database server behind.
  const stopped = signalled();
  const config = new Config(env);
  const server = await openServer(config, say);
  try {
    const app = await createApp(config, await prepareDatabase(config, server, say));
    try {
      if (config.sampleContent && (await app.get(SampleService).loadOnce())) say('The empty database received the sample center.');
      // An old backup that was restored has to close and to forget first what is due since; closing takes what the modules told each other.
      await app.init();
      await app.get(PrivacyJob).forgetAll();
      const waysIn = await waysInto(app, config);
      await listen(app, config);
      app.get(Waker).start();
      say(
        `Markaz is at ${config.publicOrigin}`,
        `  API        ${config.publicOrigin}/api/v1/articles`,
        `  reference  ${config.publicOrigin}/docs`,
        ...waysIn,
        `  data       ${server.location}`,
        ...(config.smtpUrl === null ? [`  mail       ${unsentMail(config, app.get(DevMailbox))}`] : []),
      );
      if (config.readableOnTheWay) say(READABLE_ON_THE_WAY);
      await stopped;
    } finally {
      // A connection without a finished request (browsers open such in advance) would otherwise hold the process for its whole timeout.
      setTimeout(() => (app.getHttpServer() as Server).closeAllConnections(), DRAIN_MS).unref();
      await app.close();
    }
  } finally {
    await server.leave();
  }
}

/** What the operator has to know to sign in. On a server of their own they choose the first editor; a password in its log is no good start. */
async function waysInto(app: NestFastifyApplication, { databaseUrl, dataDir, publicOrigin }: Config): Promise<string[]> {
  const firstEditor = app.get(FirstEditor);
  if (databaseUrl !== null) {
    if (!(await firstEditor.isMissing())) return [];
    return ['  sign in    there is no editor yet: npx markaz create-editor --email ADDRESS --name NAME --role admin'];
  }
  const file = join(dataDir, 'first-editor.txt');
  const signIn = await firstEditor.appointOnce(file, publicOrigin);
  if (signIn !== null) return [`  sign in    ${signIn.email}, password ${signIn.password}`, `             (kept in ${file})`];
  return existsSync(file) ? [`  sign in    as ${file} says`] : [];
}

const READABLE_ON_THE_WAY =
  'WARNING: PUBLIC_ORIGIN is plain http, so anybody on the way can read passwords and take over sessions. Put a proxy with https in front.';

function unsentMail({ dataDir, publicOrigin }: Config, mailbox: DevMailbox): string {
  const where = mailbox.open ? `read it at ${publicOrigin}/dev/mail` : `see ${join(dataDir, 'mail')}`;
  return `is not sent, since SMTP_URL is not set; ${where}`;
}

async function listen(app: NestFastifyApplication, { host, port }: Config): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const why = LISTEN_REFUSALS[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new StartError(`HOST ${host}, PORT ${port}: ${why}`);
  }
}

const LISTEN_REFUSALS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already. Choose another PORT.',
  EACCES: 'you may not listen there. Choose a PORT of 1024 or more.',
  EADDRNOTAVAIL: 'this machine has no such address. Choose another HOST.',
  ENOTFOUND: 'this HOST is not known.',
  EAI_AGAIN: 'this HOST cannot be looked up.',
};

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    // Stays subscribed: a second Ctrl-C, or one sent to npm and to us, must not cut the draining short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  });
}

function say(...lines: string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
}
