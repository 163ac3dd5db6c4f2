import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Lang } from '../text/language.js';
import type { Letterhead } from './letter.js';
import type { Mail } from './mail.js';

/** A mail to be sent once the transaction that caused it is committed. */
export interface Letter {
  readonly kind: 'invitation' | 'reset' | 'password_changed' | 'submitted' | 'returned' | 'approved' | 'schedule_failed';
  /** What this mail is about, whole: a second letter with the same key is not sent. */
  readonly dedupeKey: string;
  readonly to: string;
  readonly mail: Mail;
}

@Injectable()
export class MailRoom {
  /** Puts a letter into the outbox, in the transaction of its cause. */
  async post(_tx: EntityManager, _letter: Letter): Promise<void> {
    // the mail helper writes this
  }

  async letterhead(_tx: EntityManager, _lang: Lang): Promise<Letterhead> {
    return { name: 'x', origin: 'https://x.example' };
  }
}
