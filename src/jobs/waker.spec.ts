import { Logger } from '@nestjs/common';
import { Waker, type Job } from './waker.js';

describe('Waker', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('runs a job again at once while there is work, then once a second', async () => {
    const waker = new Waker();
    const left = [true, 3, true];
    const run = vi.fn<Job['run']>(async () => left.shift() ?? 0);
    waker.register({ name: 'work', run });
    waker.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(run).toHaveBeenCalledTimes(4);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(run).toHaveBeenCalledTimes(7);
    await waker.beforeApplicationShutdown();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(run).toHaveBeenCalledTimes(7);
  });

  it('never runs a job twice at once, unless it asked for several loops', async () => {
    const waker = new Waker();
    const most = { one: 0, three: 0 };
    for (const [name, loops] of [
      ['one', undefined],
      ['three', 3],
    ] as const) {
      let running = 0;
      waker.register({
        name,
        loops,
        run: async () => {
          most[name] = Math.max(most[name], (running += 1));
          await new Promise((done) => setTimeout(done, 2_500));
          running -= 1;
          return true;
        },
      });
    }
    waker.start();
    await vi.advanceTimersByTimeAsync(20_000);
    const stop = waker.beforeApplicationShutdown();
    await vi.advanceTimersByTimeAsync(2_500);
    await stop;
    expect(most).toEqual({ one: 1, three: 3 });
  });

  it('goes on after an error, and lets other jobs go on', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const waker = new Waker();
    const broken = vi.fn<Job['run']>(async () => Promise.reject(new Error('database gone')));
    const sound = vi.fn<Job['run']>(async () => false);
    waker.register({ name: 'broken', run: broken });
    waker.register({ name: 'sound', run: sound });
    waker.start();
    await vi.advanceTimersByTimeAsync(10_500);
    expect(broken).toHaveBeenCalledTimes(3);
    expect(sound).toHaveBeenCalledTimes(11);
    expect(logged).toHaveBeenCalledWith('broken: database gone');
    await waker.beforeApplicationShutdown();
    logged.mockRestore();
  });

  it('waits for the running pass when it stops, and tells it after five seconds to give up', async () => {
    const waker = new Waker();
    const events: string[] = [];
    waker.register({
      name: 'slow',
      run: (signal) =>
        new Promise((done) =>
          signal.addEventListener('abort', () => {
            events.push('gave up');
            done(true);
          }),
        ),
    });
    waker.start();
    await vi.advanceTimersByTimeAsync(10);
    const stopped = waker.beforeApplicationShutdown().then(() => events.push('stopped'));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    await stopped;
    expect(events).toEqual(['gave up', 'stopped']);
  });

  it('runs one job to its end by hand, errors included', async () => {
    const waker = new Waker();
    const left = [2, 1];
    waker.register({ name: 'work', run: async () => left.shift() ?? false });
    waker.register({ name: 'broken', run: () => Promise.reject(new Error('no')) });
    await waker.run('work');
    expect(left).toEqual([]);
    await expect(waker.run('broken')).rejects.toThrow('no');
    await expect(waker.run('unknown')).rejects.toThrow('no job is called unknown');
    expect(() => waker.register({ name: 'work', run: async () => false })).toThrow('two jobs are called work');
  });
});
