import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Challenge, Payload } from 'altcha-lib/types';
import type { Problem, Sentence } from '../http/problem.js';
import { Work, workRefused, type WorkFault } from '../http/work.js';
import { PollSecrets } from './poll-secrets.js';

/** What a vote does so that many votes are dear: work that is good for one ballot in one poll. */
@Injectable()
export class PollWork {
  private readonly work: Work;

  constructor(secrets: PollSecrets) {
    this.work = new Work({ challenges: () => secrets.work, solutions: () => secrets.solutions });
  }

  /** @param factor how many times as dear as usual */
  challenge(poll: number, nonce: Buffer, factor: number): Promise<Challenge> {
    return this.work.challenge({ poll, ballot: ballotOf(nonce) }, factor);
  }

  /** @returns why it does not do: 422 `work_required`, `work_expired` or `work_invalid`; null when it was done, for this ballot in this poll */
  async refusalOf(poll: number, nonce: Buffer, work: Payload | undefined): Promise<Problem | null> {
    const fault = await this.work.faultOf(work, (purpose) => purpose['poll'] === poll && purpose['ballot'] === ballotOf(nonce));
    return fault === null ? null : workRefused(fault, SENTENCES[fault]);
  }
}

/** The challenge must not repeat what only the cookie knows. */
function ballotOf(nonce: Buffer): string {
  return createHash('sha256').update(nonce).digest('base64url');
}

const SENTENCES: Record<WorkFault, Sentence> = {
  work_required: {
    ar: 'يلزم هذا الاستطلاع حل ALTCHA للتحدي الذي جاء مع البطاقة.',
    en: 'This poll asks for the ALTCHA solution of the challenge that came with the ballot.',
  },
  work_expired: {
    ar: 'انتهت مهلة التحدي. اطلب غيره ثم أعد التصويت.',
    en: 'The time of the challenge is over. Ask for another, then vote again.',
  },
  work_invalid: {
    ar: 'الحل غير صحيح، أو ليس لهذه البطاقة في هذا الاستطلاع.',
    en: 'The solution is wrong, or is not for this ballot in this poll.',
  },
};
