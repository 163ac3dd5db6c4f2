import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '..', 'bench', 'faults', 'schedule.mjs');

/** The short form of bench/faults/schedule.mjs: two served applications over the build, one of them killed. */
describe('Forty articles due within ten seconds, two processes, one killed with -9', () => {
  const run = (...more: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [script, '--articles', '40', '--seconds', '10', ...more]);

  it('are each published once and in time', { timeout: 120_000 }, async () => {
    const { stdout } = await run();
    expect(stdout).toMatch(/^40 articles due within 10 s, killed after \d+: 40 publications, 40 audit rows; /);
    expect(stdout.match(/^ {2}ok /gm)).toHaveLength(10);
  });

  it('and are found out when nothing keeps the two apart: the script can fail', { timeout: 120_000 }, async () => {
    await expect(run('--plant', 'schedule-unguarded')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAILED  none was published twice'),
    });
  });
});
