import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '..', 'bench', 'faults', 'votes.mjs');

/** The short form of bench/faults/votes.mjs: a served application over the build, readers who come whatever happens, and kill -9. */
describe('Votes', () => {
  const run = (...options: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [script, '--rate', '50', ...options]);

  it('are neither lost nor counted twice when the application is killed', { timeout: 180_000 }, async () => {
    const { stdout } = await run('--target', 'app', '--kills', '2');
    expect(stdout).toMatch(/^app: 2 kills under 50 votes\/s: \d+ readers, /);
    expect(stdout.match(/^ {2}ok /gm)).toHaveLength(9);
  });

  it('are neither lost nor counted twice when PostgreSQL is killed', { timeout: 180_000 }, async () => {
    const { stdout } = await run('--target', 'postgres', '--kills', '2');
    expect(stdout).toMatch(/^postgres: 2 kills under 50 votes\/s: \d+ readers, /);
    expect(stdout.match(/^ {2}ok /gm)).toHaveLength(10);
  });

  it('are found out when a ballot may be stored twice: the script can fail', { timeout: 180_000 }, async () => {
    await expect(run('--target', 'app', '--kills', '1', '--plant', 'vote-unconstrained')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAILED  no ballot is stored twice'),
    });
  });
});
