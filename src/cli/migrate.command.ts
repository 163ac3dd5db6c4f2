import { Config } from '../config/config.js';
import { openServer, prepareDatabase } from '../database/database.js';
import { revert } from '../database/migrate.js';
import { UsageError, type Command } from './command.js';

export const migrateDatabase: Command = {
  usage: 'migrate [--revert]',
  summary: 'Brings the database to the version of this release; serve does the same at its start.',
  help: '  --revert   takes back the newest migration; do it with no server of this release running\n',
  options: { revert: { type: 'boolean' } },
  async run(values, operands) {
    if (operands.length > 0) throw new UsageError('migrate takes no operands.');
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const config = new Config(process.env);
    const server = await openServer(config, say);
    try {
      if (values['revert']) {
        const name = await revert(server.main);
        say(name === null ? 'There is no migration to take back.' : `Taken back: ${name}`);
      } else {
        await prepareDatabase(config, server, say);
        say('The database is up to date.');
      }
      return 0;
    } finally {
      await server.leave();
    }
  },
};
