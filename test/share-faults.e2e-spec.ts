import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '..', 'bench', 'faults', 'shares.mjs');
const run = (...args: string[]): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, [script, ...args]);

/** The short form of bench/faults/shares.mjs: the served application itself, its loops included, over the build. */
describe('A worker killed with -9 over a share', () => {
  it(
    'once at each point sends none twice and loses no other mail; in doubt is what had been handed over, and nothing else',
    { timeout: 150_000 },
    async () => {
      const { stdout } = await run('--kills', '1', '--mails', '40');
      expect(stdout.match(/^ {2}ok /gm)).toHaveLength(36);
      const told = (point: string): string | undefined => new RegExp(`^${point}: (.*?); second`, 'm').exec(stdout)?.[1];
      const whole = '1 kills, 20 shares, 20 resets; shares arrived 20';
      expect(told('after-claim')).toBe(`${whole}, uncertain 0 (of these arrived 0)`);
      expect(told('before-dot')).toBe(`${whole}, uncertain 0 (of these arrived 0)`);
      expect(told('after-handoff')).toBe(`${whole}, uncertain 1 (of these arrived 1)`);
      expect(told('after-smtp-250')).toBe(`${whole}, uncertain 1 (of these arrived 1)`);
    },
  );

  it.each(['share-taken-again', 'share-no-handoff'])(
    'is found out with the bug %s: the script can fail',
    { timeout: 150_000 },
    async (plant) => {
      await expect(run('--kills', '1', '--mails', '40', '--point', 'after-smtp-250', '--plant', plant)).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining('FAILED  no share arrives twice: 1 did'),
      });
    },
  );
});
