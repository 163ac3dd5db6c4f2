import { SearchIndexJob } from '../search/search-index.job.js';
import { withApplication } from './application.js';
import { UsageError, type Command } from './command.js';

export const reindexTexts: Command = {
  usage: 'reindex [--all]',
  summary: 'Brings what search knows of the published texts up to date, at once.',
  help: `A running server does so by itself; this waits until it is done. Meanwhile everything is found as it was indexed before, and publications wait for a moment at most.

  --all   indexes every published text anew, not only what is due

It works in small batches, beside servers and beside another one of itself, each doing what no other does. What a crash interrupts stays due.

Progress goes to standard error; the last line of standard output counts the texts that this command indexed: {"indexed":n,"failed":n}
Exit code: 0 done, 1 some could not be indexed, 2 wrong use.
`,
  options: { all: { type: 'boolean' } },
  async run(values, operands) {
    if (operands.length > 0) throw new UsageError('reindex takes no operands.');
    const done = await withApplication(report, (app) => app.get(SearchIndexJob).reindex(values['all'] === true, report));
    process.stdout.write(`${JSON.stringify(done)}\n`);
    return done.failed > 0 ? 1 : 0;
  },
};

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
