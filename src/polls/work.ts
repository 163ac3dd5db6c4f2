import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { createChallenge, randomInt, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge, Payload } from 'altcha-lib/types';
import { Problem, type Sentence } from '../http/problem.js';
import { PollSecrets } from './poll-secrets.js';

const MINUTES = 10;
/** Iterations of one try: a third of a millisecond here, which is all that a challenge costs us, whatever it costs the reader. */
const COST = 1_000;
/**
 * Tries of a search, at the most: half of it on average, 0.3 s on a phone that does a million iterations of PBKDF2-SHA-256 in a second, as a
 * cheap one of 2020 is taken to do in its browser.
 */
const TRIES = 600;
/** On that phone 8 s, and nobody searches longer than that. */
const MAX_TRIES = 8_000;

/** What a vote does so that many votes are dear: a search that takes a browser a moment. Made and judged without a row anywhere. */
@Injectable()
export class Work {
  constructor(private readonly secrets: PollSecrets) {}

  /**
   * For one ballot in one poll, ten minutes long. When they are over is told, and judged, by our processes' clocks: altcha-lib knows no
   * other, and a clock that is wrong makes somebody search again.
   * @param factor how many times as dear as usual: more tries, never dearer ones, which we would have to repeat
   */
  challenge(poll: number, nonce: Buffer, factor: number): Promise<Challenge> {
    return createChallenge({
      algorithm: 'PBKDF2/SHA-256',
      cost: COST,
      counter: randomInt(Math.min(TRIES * factor, MAX_TRIES) - 1, 0),
      data: { poll, ballot: ballotOf(nonce) },
      deriveKey,
      expiresAt: new Date(Date.now() + MINUTES * 60_000),
      hmacSignatureSecret: this.secrets.work.toString('hex'),
      // With it a solution is verified by one HMAC, without the derivation.
      hmacKeySignatureSecret: this.secrets.solutions.toString('hex'),
    });
  }

  /**
   * @param work in the form that `WorkField` lets through
   * @returns why it does not do: 422 `work_required`, `work_expired` or `work_invalid`; null when it was done, for this ballot in this poll
   */
  async refusalOf(poll: number, nonce: Buffer, work: Payload | undefined): Promise<Problem | null> {
    if (work === undefined) return workRefused('work_required', REQUIRED);
    const { challenge, solution } = work;
    const { data } = challenge.parameters;
    const { expired, verified } = await verifySolution({
      challenge,
      solution,
      deriveKey,
      hmacSignatureSecret: this.secrets.work.toString('hex'),
      hmacKeySignatureSecret: this.secrets.solutions.toString('hex'),
    });
    if (expired) return workRefused('work_expired', EXPIRED);
    const bound = data?.['poll'] === poll && data['ballot'] === ballotOf(nonce);
    return verified && bound ? null : workRefused('work_invalid', INVALID);
  }
}

/** The challenge must not repeat what only the cookie knows. */
function ballotOf(nonce: Buffer): string {
  return createHash('sha256').update(nonce).digest('base64url');
}

const REQUIRED: Sentence = {
  ar: 'يلزم هذا الاستطلاع حل ALTCHA للتحدي الذي جاء مع البطاقة.',
  en: 'This poll asks for the ALTCHA solution of the challenge that came with the ballot.',
};
const EXPIRED: Sentence = {
  ar: 'انتهت مهلة التحدي. اطلب غيره ثم أعد التصويت.',
  en: 'The time of the challenge is over. Ask for another, then vote again.',
};
const INVALID: Sentence = {
  ar: 'الحل غير صحيح، أو ليس لهذه البطاقة في هذا الاستطلاع.',
  en: 'The solution is wrong, or is not for this ballot in this poll.',
};

function workRefused(code: string, message: Sentence): Problem {
  return new Problem(422, code, message, { errors: [{ field: 'work', rule: code, message }] });
}
