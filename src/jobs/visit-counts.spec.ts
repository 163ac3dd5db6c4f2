import { PAUSE_MS, VisitCounts, type Count } from './visit-counts.js';
import { Waker } from './waker.js';

class Seen extends VisitCounts<'seen' | 'followed'> {
  readonly stored: Count<'seen' | 'followed'>[][] = [];
  broken = false;

  protected override store(counts: readonly Count<'seen' | 'followed'>[]): Promise<void> {
    if (this.broken) return Promise.reject(new Error('connection lost'));
    this.stored.push([...counts]);
    return Promise.resolve();
  }
}

const by = (ip: string): Parameters<Seen['count']>[2] => ({ method: 'POST', ip, headers: { 'user-agent': 'Mozilla/5.0 Firefox/140.0' } });

describe('counts of visits', () => {
  let waker: Waker;
  let counts: Seen;
  beforeEach(() => {
    waker = new Waker();
    counts = new Seen('seen', waker);
    counts.onModuleInit();
  });

  it('are written by the server after each pause, so that a crash loses no more than one', async () => {
    vi.useFakeTimers();
    waker.start();
    await vi.advanceTimersByTimeAsync(1);
    counts.count(1, 'seen', by('198.51.100.1'));
    counts.count(1, 'seen', by('198.51.100.2'));
    counts.count(1, 'followed', by('198.51.100.1'));
    await vi.advanceTimersByTimeAsync(PAUSE_MS - 10);
    expect(counts.stored).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(counts.stored).toEqual([
      [
        { id: 1, what: 'seen', times: 2 },
        { id: 1, what: 'followed', times: 1 },
      ],
    ]);
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(counts.stored.length).toBe(1);
    await waker.beforeApplicationShutdown();
    vi.useRealTimers();
  });

  it('wait on, with what comes meanwhile, where they cannot be written', async () => {
    counts.count(1, 'seen', by('198.51.100.1'));
    counts.broken = true;
    await expect(waker.run('seen')).rejects.toThrow('connection lost');
    counts.count(1, 'seen', by('198.51.100.2'));
    // At the end nobody is left to try again: it is said, and the process ends.
    await expect(counts.onApplicationShutdown()).resolves.toBeUndefined();
    counts.broken = false;
    await waker.run('seen');
    expect(counts.stored).toEqual([[{ id: 1, what: 'seen', times: 2 }]]);
  });
});
