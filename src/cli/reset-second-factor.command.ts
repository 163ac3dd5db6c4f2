import { EnrolmentService } from '../accounts/enrolment.service.js';
import { Problem } from '../http/problem.js';
import { parseAddress } from '../mail/address.js';
import { withApplication } from './application.js';
import { UsageError, sentenceOf, type Command } from './command.js';

export const resetSecondFactor: Command = {
  usage: 'reset-second-factor --email ADDRESS',
  summary: 'Takes away the second factor of an editor who has lost it, where no admin is left to do so.',
  help: `  --email ADDRESS    whose it is

The editor signs in with the password alone again; all sessions and tokens end, and a letter tells the editor.
Exit code: 0 done, 1 refused (nobody has the address, or there is no second factor), 2 wrong use.
`,
  options: { email: { type: 'string' } },
  async run(values, operands) {
    if (operands.length > 0) throw new UsageError(`reset-second-factor takes no operands: "${operands[0]}".`);
    const email = typeof values['email'] === 'string' ? parseAddress(values['email']) : null;
    if (email === null) throw new UsageError('--email is missing, or is no mail address.');
    return withApplication(report, async (app) => {
      try {
        if (await app.get(EnrolmentService).resetByAddress(email)) {
          process.stdout.write(`${JSON.stringify({ email: email.address, secondFactor: false })}\n`);
          return 0;
        }
        report('refused: No editor has this address.');
      } catch (error) {
        if (!(error instanceof Problem) || error.getStatus() >= 500) throw error;
        report(`refused: ${sentenceOf(error)}`);
      }
      return 1;
    });
  },
};

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
