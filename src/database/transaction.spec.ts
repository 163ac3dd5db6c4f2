import type { DataSource } from 'typeorm';
import { inTransaction } from './transaction.js';
import { Busy } from './turns.js';

/** Transactions that end when they are told to. */
function aDataSource(): { dataSource: DataSource; begun: (() => void)[] } {
  const begun: (() => void)[] = [];
  const transaction = (): Promise<void> => new Promise((resolve) => begun.push(resolve));
  return { dataSource: { transaction } as unknown as DataSource, begun };
}

const nothing = async (): Promise<void> => undefined;

describe('transactions that come at once', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('run six at a time, in the order in which they came', async () => {
    const { dataSource, begun } = aDataSource();
    const ended: number[] = [];
    const all = Array.from({ length: 8 }, (_, n) => inTransaction(dataSource, nothing).then(() => ended.push(n)));
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toHaveLength(6);
    for (const [index, running] of [7, 8].entries()) {
      begun[index]!();
      await vi.advanceTimersByTimeAsync(0);
      expect(begun).toHaveLength(running);
    }
    for (const end of begun) end();
    await Promise.all(all);
    expect(ended.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(ended.slice(0, 2)).toEqual([0, 1]);
  });

  it('are refused after ten seconds of waiting, and leave their turn to the next', async () => {
    const { dataSource, begun } = aDataSource();
    const six = Array.from({ length: 6 }, () => inTransaction(dataSource, nothing));
    const late = inTransaction(dataSource, nothing).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await late).toBeInstanceOf(Busy);
    expect(begun).toHaveLength(6);
    for (const end of begun) end();
    await Promise.all(six);
    const again = Array.from({ length: 6 }, () => inTransaction(dataSource, nothing));
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toHaveLength(12);
    for (const end of begun) end();
    await Promise.all(again);
  });

  it('give their turn on when they fail', async () => {
    const dataSource = { transaction: () => Promise.reject(new Error('refused')) } as unknown as DataSource;
    for (let n = 0; n < 10; n += 1) await expect(inTransaction(dataSource, nothing)).rejects.toThrow('refused');
  });
});
