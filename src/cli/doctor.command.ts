import { unpreparedDatabase } from '../database/database.js';
import { Doctor } from '../doctor/doctor.service.js';
import { PollDoctor } from '../polls/poll-doctor.service.js';
import { withApplication } from './application.js';
import { UsageError, type Command } from './command.js';

/** Of one kind as many are printed; --json has all. */
const PRINTED = 20;

export const examineCenter: Command = {
  usage: 'doctor [--files] [--json]',
  summary: 'Looks for what must not be, in the database and among the files, and says how to mend it.',
  help: `  --files   also reads every stored file and compares its hash
  --json    the last line of standard output is the whole report, for programs

It changes nothing, beside a running server or alone, and looks at one moment. A database of another release is refused: it is not migrated. "doctor polls" is part of it.

What is found goes to standard error: a stable name, the rows, and the repair, in which N stands for a row's number;
docs/operations.md says how SQL is run. The last line of standard output is {"findings":n,"rows":n}, or with --json {"findings":[{"invariant":"…","rows":["…"],"repair":"…"}]}
Exit code: 0 sound, 1 something was found, or it could not look, 2 wrong use.
`,
  options: { files: { type: 'boolean' }, json: { type: 'boolean' } },
  async run(values, operands) {
    if (operands.length > 0) throw new UsageError('doctor takes no operands but "polls".');
    const findings = await withApplication(report, (app) => app.get(Doctor).examine(values['files'] === true), unpreparedDatabase);
    for (const { invariant, rows, repair } of findings) {
      const more = rows.length > PRINTED ? `, and ${rows.length - PRINTED} more` : '';
      report(`${invariant} (${rows.length}): ${rows.slice(0, PRINTED).join(', ')}${more}\n  ${repair}`);
    }
    const rows = findings.reduce((sum, finding) => sum + finding.rows.length, 0);
    process.stdout.write(`${JSON.stringify(values['json'] === true ? { findings } : { findings: findings.length, rows })}\n`);
    return findings.length > 0 ? 1 : 0;
  },
};

export const examinePolls: Command = {
  usage: 'doctor polls',
  summary: 'Recounts all polls and checks their signed results.',
  help: `Recomputes counts, digests of choices and signatures from the ballots, and looks for what should have been forgotten. It changes nothing, beside a running server or alone. A database of another release is refused: it is not migrated.

other_key counts signed results of another key than the present one. After an exchange of SECRET_KEY all earlier ones are among them, which is no fault of theirs; otherwise somebody has signed with a key of his own.

Polls with faults go to standard error, each fault with the number of its rows; the last line of standard output is {"polls":n,"ballots":n,"faults":n}
Exit code: 0 no fault, 1 faults, or it could not look, 2 wrong use.
`,
  options: {},
  async run(_values, operands) {
    if (operands.length > 0) throw new UsageError('doctor polls takes no operands.');
    return withApplication(report, (app) => examineAll(app.get(PollDoctor)), unpreparedDatabase);
  },
};

async function examineAll(doctor: PollDoctor): Promise<number> {
  const sums = { polls: 0, ballots: 0, faults: 0 };
  for await (const { id, ballots, faults } of doctor.examine()) {
    sums.polls += 1;
    sums.ballots += ballots;
    sums.faults += faults.length;
    if (faults.length > 0) report(`poll ${id}: ${faults.map(({ fault, rows }) => `${fault} (${rows})`).join(', ')}`);
  }
  const salts = await doctor.overdueSalts();
  if (salts > 0) report(`salts: overdue (${salts})`);
  sums.faults += salts > 0 ? 1 : 0;
  process.stdout.write(`${JSON.stringify(sums)}\n`);
  return sums.faults > 0 ? 1 : 0;
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
