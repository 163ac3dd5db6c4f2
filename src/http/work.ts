import { createChallenge, randomInt, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge, Payload } from 'altcha-lib/types';
import { Problem, type Sentence } from './problem.js';

/** For so long a piece of work can be handed in. */
export const WORK_MINUTES = 10;
/** Iterations of one try: a third of a millisecond here, which is all that a challenge costs us, whatever it costs the reader. */
const COST = 1_000;
/**
 * Tries of a search, at the most: half of it on average, 0.3 s on a phone that does a million iterations of PBKDF2-SHA-256 in a second, as a
 * cheap one of 2020 is taken to do in its browser.
 */
const TRIES = 600;
/** On that phone 8 s, and nobody searches longer than that. */
const MAX_TRIES = 8_000;

/** What a piece of work is good for: signed with the challenge, and readable by whoever holds it. */
export type WorkPurpose = Readonly<Record<string, string | number>>;

/** Why work does not do. */
export type WorkFault = 'work_required' | 'work_expired' | 'work_invalid';

/**
 * What a reader's browser does so that many acts are dear: a search that takes it a moment (ALTCHA). Made and judged without a row anywhere;
 * whoever asks for it names what it is good for, and compares that when it comes back.
 */
export class Work {
  /** @param keys asked at the first use: of the challenges, and of their solutions */
  constructor(private readonly keys: { readonly challenges: () => Buffer; readonly solutions: () => Buffer }) {}

  /**
   * Ten minutes long. When they are over is told, and judged, by our processes' clocks: altcha-lib knows no other, and a clock that is
   * wrong makes somebody search again.
   * @param factor how many times as dear as usual: more tries, never dearer ones, which we would have to repeat
   */
  challenge(purpose: WorkPurpose, factor: number): Promise<Challenge> {
    return createChallenge({
      algorithm: 'PBKDF2/SHA-256',
      cost: COST,
      counter: randomInt(Math.min(TRIES * factor, MAX_TRIES) - 1, 0),
      data: { ...purpose },
      deriveKey,
      expiresAt: new Date(Date.now() + WORK_MINUTES * 60_000),
      hmacSignatureSecret: this.keys.challenges().toString('hex'),
      // With it a solution is verified by one HMAC, without the derivation.
      hmacKeySignatureSecret: this.keys.solutions().toString('hex'),
    });
  }

  /**
   * @param work in the form that `WorkField` lets through
   * @param good whether what the challenge was made for is what it is used for
   * @returns null when it was done
   */
  async faultOf(work: Payload | undefined, good: (purpose: WorkPurpose) => boolean): Promise<WorkFault | null> {
    if (work === undefined) return 'work_required';
    const { challenge, solution } = work;
    const { data } = challenge.parameters;
    const { expired, verified } = await verifySolution({
      challenge,
      solution,
      deriveKey,
      hmacSignatureSecret: this.keys.challenges().toString('hex'),
      hmacKeySignatureSecret: this.keys.solutions().toString('hex'),
    });
    if (expired) return 'work_expired';
    return verified && good((data ?? {}) as WorkPurpose) ? null : 'work_invalid';
  }
}

/** The refusal of an act whose work does not do: 422, naming the field. */
export function workRefused(fault: WorkFault, message: Sentence): Problem {
  return new Problem(422, fault, message, { errors: [{ field: 'work', rule: fault, message }] });
}
