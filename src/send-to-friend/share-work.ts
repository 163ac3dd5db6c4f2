import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { Challenge, Payload } from 'altcha-lib/types';
import type { Problem, Sentence } from '../http/problem.js';
import { Work, workRefused, type WorkFault } from '../http/work.js';
import { ShareSecrets } from './share-secrets.js';

/** Work that was done for a share. */
export interface DoneWork {
  /** How many times as dear as usual it was. */
  readonly factor: number;
  /** Of its challenge, which is used once: 32 bytes. */
  readonly hash: Buffer;
}

/** What a share does so that many of them are dear. */
@Injectable()
export class ShareWork {
  private readonly logger = new Logger('ShareWork');
  private readonly work: Work;

  constructor(secrets: ShareSecrets) {
    this.work = new Work({ challenges: () => secrets.work, solutions: () => secrets.solutions });
  }

  /** @param factor how many times as dear as usual */
  challenge(factor: number): Promise<Challenge> {
    return this.work.challenge({ for: 'share', factor }, factor);
  }

  /** @throws Problem 422 `work_required`, `work_expired` or `work_invalid` */
  async done(work: Payload | undefined): Promise<DoneWork> {
    let factor = 0;
    let fault: WorkFault | null;
    try {
      fault = await this.work.faultOf(work, (purpose) => {
        factor = Number(purpose['factor']);
        return purpose['for'] === 'share' && factor >= 1;
      });
    } catch (error) {
      // Closed when it cannot be judged: share buttons elsewhere let everybody through whenever their checker was down.
      this.logger.error(`work could not be judged: ${(error as Error).message}`);
      fault = 'work_invalid';
    }
    if (fault !== null) throw workFault(fault);
    return { factor, hash: createHash('sha256').update(work!.challenge.parameters.nonce).digest() };
  }
}

/** The refusal of a share whose work does not do. */
export function workFault(fault: WorkFault): Problem {
  return workRefused(fault, SENTENCES[fault]);
}

/** So many have come from this network meanwhile that the work done was too cheap. */
export function dearerWork(): Problem {
  return workRefused('work_required', {
    ar: 'طُلب من شبكتك إرسال كثير، فصار الحل المطلوب أطول. اطلب تحديًا جديدًا ثم أعد الإرسال.',
    en: 'Much was sent from your network, so the work asked for has become longer. Ask for another challenge, then send again.',
  });
}

const SENTENCES: Record<WorkFault, Sentence> = {
  work_required: {
    ar: 'يلزم الإرسال حل ALTCHA للتحدي الذي يُطلب قبله.',
    en: 'Sending asks for the ALTCHA solution of a challenge, which is to be asked for first.',
  },
  work_expired: {
    ar: 'انتهت مهلة التحدي. اطلب غيره ثم أعد الإرسال.',
    en: 'The time of the challenge is over. Ask for another, then send again.',
  },
  work_invalid: {
    ar: 'الحل غير صحيح، أو استُعمل من قبل. اطلب تحديًا جديدًا ثم أعد الإرسال.',
    en: 'The solution is wrong, or was used before. Ask for another challenge, then send again.',
  },
};
