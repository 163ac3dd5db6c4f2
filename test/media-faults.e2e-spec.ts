import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '..', 'bench', 'faults', 'media.mjs');

/** The short form of bench/faults/media.mjs: the served application itself, its loops included, over the build. Side by side: most of it is waiting. */
describe.concurrent('A server killed with -9 among uploads and renditions', () => {
  const run = (...more: string[]): Promise<{ stdout: string }> =>
    promisify(execFile)(process.execPath, [script, '--part', 'kills', '--kills', '1', ...more]);

  it('leaves nothing that the next one does not put right within a minute', { timeout: 150_000 }, async () => {
    const { stdout } = await run();
    expect(stdout).not.toContain('FAILED');
    expect(stdout.match(/^ {2}ok /gm)).toHaveLength(6);
  });

  it('and is found out when rows go without their files: the script can fail', { timeout: 150_000 }, async () => {
    await expect(run('--plant', 'media-row-without-files')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/FAILED {2}kill 1: all is right after 60 s: files without a row/) as string,
    });
  });
});
