import { backUp } from '../backup/backup.js';
import { Config } from '../config/config.js';
import { UsageError, type Command } from './command.js';

export const backUpCenter: Command = {
  usage: 'backup FILE [--without-secret]',
  summary: 'Writes database and media, as they are at one moment, into one archive.',
  help: `  FILE               where it goes, readable by you alone; "-" is standard output
  --without-secret   leaves out the SECRET_KEY that DATA_DIR keeps; one from the environment is never in it

Runs beside a running server or alone, and needs no program of PostgreSQL. A file is there when it is whole and has
been read back; one of the same name is replaced then. Missing folders are made. Not in it: sessions, known devices, rate limits, the
salts of networks. docs/operations.md says how to keep and try it.

The last line is {"tables":n,"rows":n,"files":n,"bytes":n}, on standard error when the archive goes to standard output.
Exit code: 0 done, 1 refused or failed, 2 wrong use.
`,
  options: { 'without-secret': { type: 'boolean' } },
  async run(values, operands) {
    const [file, ...more] = operands;
    if (file === undefined || more.length > 0) throw new UsageError('backup takes one FILE.');
    const done = await backUp(new Config(process.env), file, values['without-secret'] !== true, report);
    (file === '-' ? process.stderr : process.stdout).write(`${JSON.stringify(done)}\n`);
    return 0;
  },
};

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
