import { createApp } from './app.setup.js';
import { Config } from './config/config.js';
import { openServer, prepareDatabase } from './database/database.js';
import { SampleService } from './sample/sample.service.js';

/**
 * Starts the center (database, migrations, sample content, HTTP), serves until SIGINT or SIGTERM, then drains: requests first, the
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
      await app.listen(config.port, config.host);
      say(
        `Markaz is at ${config.publicOrigin}`,
        `  API        ${config.publicOrigin}/api/v1/articles`,
        `  reference  ${config.publicOrigin}/docs`,
        `  data       ${server.location}`,
      );
      await stopped;
    } finally {
      await app.close();
    }
  } finally {
    await server.leave();
  }
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    // Stays subscribed: a second Ctrl-C, or one sent to npm and to us, must not cut the draining short.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => resolve());
  });
}

function say(...lines: string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`);
}
