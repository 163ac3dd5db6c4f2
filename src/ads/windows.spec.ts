import { adOfWindow } from './windows.js';

const ad = (id: number, weight: number): { id: number; weight: number } => ({ id, weight });

/** How often each stands there, of so many windows one after the other. */
function shares(ads: readonly { id: number; weight: number }[], place: string, windows = 20_000): Record<number, number> {
  const counts: Record<number, number> = {};
  for (let window = 5_900_000; window < 5_900_000 + windows; window += 1) {
    const { id } = adOfWindow(ads, place, window)!;
    counts[id] = (counts[id] ?? 0) + 1 / windows;
  }
  return counts;
}

describe('the ad of a window', () => {
  it('is none where there are none, and the only one where there is one', () => {
    expect(adOfWindow([], 'home ', 5_900_000)).toBeNull();
    expect(shares([ad(7, 1)], 'home ')[7]).toBeCloseTo(1);
  });

  it('is the same each time it is asked for', () => {
    const ads = [ad(1, 10), ad(2, 10), ad(3, 10)];
    const asked = (): number[] => Array.from({ length: 100 }, (_, n) => adOfWindow(ads, 'home ', n)!.id);
    expect(asked()).toEqual(asked());
    expect(new Set(asked())).toEqual(new Set([1, 2, 3]));
  });

  it('has, over many windows, the share of its weight', () => {
    const weighted = shares([ad(1, 10), ad(2, 30), ad(3, 60)], 'sidebar 4');
    for (const [id, share] of Object.entries({ 1: 0.1, 2: 0.3, 3: 0.6 }))
      expect(Math.abs(weighted[Number(id)]! - share)).toBeLessThan(0.01);
    const five = [1, 2, 3, 4, 5].map((id) => ad(id, 100));
    const equal = shares(five, 'masthead ');
    for (const { id } of five) expect(Math.abs(equal[id]! - 0.2)).toBeLessThan(0.01);
  });

  it('is drawn for each place by itself', () => {
    const ads = [ad(1, 1), ad(2, 1)];
    const drawn = (place: string): string => Array.from({ length: 64 }, (_, n) => adOfWindow(ads, place, n)!.id).join('');
    expect(new Set(['home ', 'sidebar ', 'sidebar 4', 'sidebar 5'].map(drawn)).size).toBe(4);
  });
});
