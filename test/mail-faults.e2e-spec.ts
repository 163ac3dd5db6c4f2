import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '..', 'bench', 'faults', 'mail.mjs');

/** The short form of bench/faults/mail.mjs: the served application itself, its loops included, over the build. */
describe('A mail worker killed with -9', () => {
  it('once at each point loses nothing, sends no second letter and leaves nothing behind', { timeout: 120_000 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--kills', '1', '--mails', '40']);
    expect(stdout.match(/^ {2}ok /gm)).toHaveLength(16);
    expect(stdout).toMatch(/^after-claim: 1 kills, 40 mails, 40 taken by the relay, 0 second copies/m);
    expect(stdout).toMatch(/^after-smtp-250: 1 kills, 40 mails, 41 taken by the relay, 1 second copies/m);
  });

  it('that wrote a mail down as sent before it was is found out: the script can fail', { timeout: 180_000 }, async () => {
    const run = promisify(execFile)(process.execPath, [
      script,
      '--kills',
      '1',
      '--mails',
      '40',
      '--point',
      'after-claim',
      '--plant',
      'sent-at-claim',
    ]);
    await expect(run).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED  nothing is lost') });
  });
});
