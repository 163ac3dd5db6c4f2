import { randomBytes } from 'node:crypto';
import type { Stopwatch } from './stopwatch.js';
import { Traffic } from './traffic.js';

describe('Traffic', () => {
  let now: number;
  let traffic: Traffic;
  beforeEach(() => {
    now = 1_000_000;
    traffic = new Traffic({ seconds: () => now } satisfies Stopwatch);
  });

  const aNetwork = (vicinityKey = randomBytes(32)): { networkKey: Buffer; vicinityKey: Buffer } => ({
    networkKey: randomBytes(32),
    vicinityKey,
  });
  const count = (times: number, ...what: Parameters<Traffic['count']>): void => {
    for (let n = 0; n < times; n += 1) traffic.count(...what);
  };

  it('makes work twice as dear with each doubling beyond 30 ballots of one address in an hour', () => {
    const here = aNetwork();
    const factors = Array.from({ length: 250 }, () => {
      traffic.count(7, here);
      return traffic.pressure(7, here);
    });
    const from = [2, 4, 8, 16].map((factor) => factors.indexOf(factor) + 1);
    expect([factors[29], from]).toEqual([1, [31, 61, 121, 241]]);
  });

  it('and beyond 300 of one neighbourhood', () => {
    const vicinity = randomBytes(32);
    const factors = Array.from({ length: 1_300 }, () => {
      traffic.count(7, aNetwork(vicinity));
      return traffic.pressure(7, aNetwork(vicinity));
    });
    expect([factors[299], ...[2, 4, 8].map((factor) => factors.indexOf(factor) + 1)]).toEqual([1, 301, 601, 1_201]);
    expect(traffic.pressure(7, aNetwork())).toBe(1);
  });

  it('counts each poll for itself', () => {
    const here = aNetwork();
    count(100, 7, here);
    expect([traffic.pressure(7, here), traffic.pressure(8, here)]).toEqual([4, 1]);
  });

  it('looks back an hour, to five minutes', () => {
    const here = aNetwork();
    count(40, 7, here);
    now += 30 * 60;
    count(25, 7, here);
    expect(traffic.pressure(7, here)).toBe(4);
    now += 24 * 60;
    expect(traffic.pressure(7, here)).toBe(4);
    now += 6 * 60;
    expect(traffic.pressure(7, here)).toBe(1);
    count(6, 7, here);
    expect(traffic.pressure(7, here)).toBe(2);
    now += 10_000 * 60;
    expect(traffic.pressure(7, here)).toBe(1);
  });

  /** So many each second. @returns what was said just before each second's first */
  function seconds(perSecond: readonly number[], keys: () => ReturnType<typeof aNetwork>): (number | null)[] {
    return perSecond.map((times) => {
      const flood = traffic.flood(7, keys());
      if (flood === null) for (let n = 0; n < times; n += 1) traffic.count(7, keys());
      now += 1;
      return flood;
    });
  }
  const TEN = Array.from({ length: 10 }, () => null);

  it('holds up an address with more than five in each of ten seconds, for ten seconds', () => {
    const here = aNetwork();
    const said = seconds(
      Array.from({ length: 31 }, () => 6),
      () => here,
    );
    expect(said).toEqual([...TEN, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, ...TEN, 10]);
    expect(traffic.flood(8, here)).toBeNull();
    expect(traffic.flood(7, aNetwork())).toBeNull();
  });

  it('and a neighbourhood with more than twenty', () => {
    const vicinity = randomBytes(32);
    expect(
      seconds(
        Array.from({ length: 12 }, () => 21),
        () => aNetwork(vicinity),
      ),
    ).toEqual([...TEN, 10, 9]);
    const other = randomBytes(32);
    expect(
      seconds(
        Array.from({ length: 40 }, () => 20),
        () => aNetwork(other),
      ).every((flood) => flood === null),
    ).toBe(true);
  });

  it('takes five in a second, and more with a pause, for no flood', () => {
    const [calm, breathing] = [aNetwork(), aNetwork()];
    expect(
      seconds(
        Array.from({ length: 60 }, () => 5),
        () => calm,
      ).every((flood) => flood === null),
    ).toBe(true);
    const bursts = Array.from({ length: 60 }, (_, n) => (n % 10 === 9 ? 0 : 50));
    expect(seconds(bursts, () => breathing).every((flood) => flood === null)).toBe(true);
  });

  it('forgets who was seen longest ago when there are too many to remember', () => {
    const [first, kept] = [aNetwork(), aNetwork()];
    count(61, 7, first);
    count(61, 7, kept);
    for (let n = 0; n < 24_990; n += 1) {
      traffic.count(7, aNetwork());
      if (n % 1_000 === 0) traffic.count(7, kept);
    }
    expect([traffic.pressure(7, first), traffic.pressure(7, kept)]).toEqual([4, 4]);
    for (let n = 0; n < 20; n += 1) traffic.count(7, aNetwork());
    expect([traffic.pressure(7, first), traffic.pressure(7, kept)]).toEqual([1, 4]);
  });
});
