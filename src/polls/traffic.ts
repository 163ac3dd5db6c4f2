import { Injectable } from '@nestjs/common';
import type { Whereabouts } from './network-keys.service.js';
import { Stopwatch } from './stopwatch.js';

/** Pressure looks back an hour, in slices of five minutes. */
const SLICE_SECONDS = 300;
const SLICES = 12;
/** A flood is more than so many in each of ten seconds one after the other. It is kept out as long again; then it is looked at anew. */
const FLOOD_SECONDS = 10;
/** Networks and vicinities that are counted at once, about 25 MB: who was seen longest ago is forgotten first. */
const MAX_COUNTS = 50_000;

/** What is normal, and what is no flood: a /32 or /64, and a /24 or /48. */
const NETWORK = { normal: 30, perSecond: 5 };
const VICINITY = { normal: 300, perSecond: 20 };
type Limits = typeof NETWORK;

/** What is counted: ballots of a poll, by its id, or cookies handed to new readers. */
type Counted = number | 'readers';
type Keys = Pick<Whereabouts, 'networkKey' | 'vicinityKey'>;

/**
 * How many come from one place, as this process has seen it. It makes the next work dearer and holds up floods; it never takes a vote away
 * from anybody, so it need not be exact, and costs the database nothing.
 */
@Injectable()
export class Traffic {
  private readonly counts = new Map<string, Count>();

  constructor(private readonly stopwatch: Stopwatch) {}

  /** One more was accepted. */
  count(what: Counted, keys: Keys): void {
    for (const [name, limits] of places(what, keys)) {
      const count = this.counts.get(name) ?? new Count();
      // To the end of the line of those to be forgotten.
      this.counts.delete(name);
      this.counts.set(name, count);
      count.add(this.stopwatch.seconds(), limits.perSecond);
    }
    for (const [name] of this.counts) {
      if (this.counts.size <= MAX_COUNTS) break;
      this.counts.delete(name);
    }
  }

  /** @returns in how many seconds one may come again while there is a flood, else null */
  flood(what: Counted, keys: Keys): number | null {
    const now = this.stopwatch.seconds();
    const waits = places(what, keys).map(([name, { perSecond }]) => this.counts.get(name)?.wait(now, perSecond) ?? 0);
    const longest = Math.max(...waits);
    return longest > 0 ? Math.ceil(longest) : null;
  }

  /** @returns how many times as dear the work of a vote from there is: 1, then twice as much for each doubling beyond what is normal */
  pressure(poll: number, keys: Keys): number {
    const now = this.stopwatch.seconds();
    const factors = places(poll, keys).map(([name, { normal }]) => {
      const ballots = this.counts.get(name)?.lastHour(now) ?? 0;
      return ballots <= normal ? 1 : 2 ** Math.ceil(Math.log2(ballots / normal));
    });
    return Math.max(...factors);
  }
}

function places(what: Counted, { networkKey, vicinityKey }: Keys): [string, Limits][] {
  return [
    [`${what} ${networkKey.toString('base64')}`, NETWORK],
    [`${what} ${vicinityKey.toString('base64')}`, VICINITY],
  ];
}

/** What was accepted from one place. */
class Count {
  /** By five minutes, the newest at `slice` modulo their number. */
  private readonly slices = new Uint32Array(SLICES);
  private slice = 0;
  private second = 0;
  private inSecond = 0;
  /** Seconds one after the other, up to the one before `second`, that had too many. */
  private run = 0;
  private closedUntil = 0;

  add(now: number, perSecond: number): void {
    this.advance(now, perSecond);
    this.slices[this.slice % SLICES]! += 1;
    this.inSecond += 1;
  }

  lastHour(now: number): number {
    this.turnTo(now);
    return this.slices.reduce((sum, ballots) => sum + ballots, 0);
  }

  /** @returns seconds */
  wait(now: number, perSecond: number): number {
    this.advance(now, perSecond);
    if (this.run >= FLOOD_SECONDS) {
      this.run = 0;
      this.closedUntil = this.second + FLOOD_SECONDS;
    }
    return this.closedUntil - now;
  }

  private advance(now: number, perSecond: number): void {
    this.turnTo(now);
    const second = Math.floor(now);
    if (second === this.second) return;
    const full = this.inSecond > perSecond;
    this.run = full && second === this.second + 1 ? this.run + 1 : 0;
    this.second = second;
    this.inSecond = 0;
  }

  private turnTo(now: number): void {
    const slice = Math.floor(now / SLICE_SECONDS);
    for (let passed = Math.max(this.slice + 1, slice - SLICES + 1); passed <= slice; passed += 1) this.slices[passed % SLICES] = 0;
    this.slice = slice;
  }
}
