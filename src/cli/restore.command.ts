import { checkBackup, restore } from '../backup/restore.js';
import { Config } from '../config/config.js';
import { UsageError, type Command } from './command.js';

export const restoreCenter: Command = {
  usage: 'restore FILE [--check] [--other-key]',
  summary: 'Puts a backup into an empty database, all of it or nothing.',
  help: `  --check       only reads the archive and holds it against its sums; needs no database and changes nothing
  --other-key   restores although the SECRET_KEY here is not that of the backup; what hangs on it is lost

The database is that of DATABASE_URL, or the embedded one of a DATA_DIR that has not served yet. Every row and file is compared with the
archive before anything counts. A backup of an older release is migrated to this one; one of a newer release is refused.
What must not arrive twice and waited when the backup was made is not sent again. Nobody is signed in afterwards.

The last line of standard output is {"tables":n,"rows":n,"files":n,"createdAt":"…","notSentAgain":n}
Exit code: 0 done, 1 refused, 2 wrong use.
`,
  options: { check: { type: 'boolean' }, 'other-key': { type: 'boolean' } },
  async run(values, operands) {
    const [file, ...more] = operands;
    if (file === undefined || more.length > 0) throw new UsageError('restore takes one FILE.');
    process.stdout.write(
      `${JSON.stringify(await (values['check'] === true ? looked(file) : restored(file, values['other-key'] === true)))}\n`,
    );
    return 0;
  },
};

async function looked(file: string): Promise<object> {
  const { head, manifest, secretKey } = await checkBackup(file);
  report(
    `${file} is whole: Markaz ${head.markaz} on PostgreSQL ${head.postgres}, ${secretKey === null ? 'without' : 'with'} its SECRET_KEY.`,
  );
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  return { tables: manifest.tables.length, rows, files: manifest.files.count, createdAt: head.createdAt };
}

async function restored(file: string, otherKey: boolean): Promise<object> {
  const done = await restore(new Config(process.env), file, otherKey, report);
  if (done.notSentAgain > 0)
    report(
      `${done.notSentAgain} letters and shares had not gone out when the backup was made. They may have since, and are not sent again.`,
    );
  report('API tokens and preview links revoked since the backup are valid again: look through them.');
  return done;
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
