import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import { Waker } from '../jobs/waker.js';
import { wordingIn } from '../text/wording.js';
import { Breaker } from './breaker.js';
import { Carrier, NotSent, mailHost } from './carrier.js';
import { LANES, type Lane } from './kinds.js';
import type { Mail } from './mail.js';
import { claimMail, recordOutcome, sweepMail, type ClaimedMail, type Outcome } from './mail.queries.js';
import { LANE_CONNECTIONS } from './relay.js';
import { scrubbed } from './scrubbed.js';
import { Seal } from './seal.js';

/** Until the next try, by how many there were; give or take a fifth, so that a hundred mails do not come back as one. */
const BACK_OFF_MINUTES = [1, 5, 15, 60, 180, 360, 720];
/** Below the two minutes for which a mail is held. */
const DEADLINE_MS = 90_000;
const SWEEP_EVERY_MS = 60_000;
/** A database that is away for a moment must not make a second copy of what was just sent. */
const RECORD_ATTEMPTS = 10;
const RECORD_PAUSE_MS = 1_000;

/**
 * Carries the outbox to the relay, at least once: a mail is claimed and committed, sent outside any transaction, and its end written down. Whoever
 * dies in between leaves it to be claimed again two minutes later, under the same Message-ID.
 */
@Injectable()
export class Postman implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Postman');
  /** One for all lanes: there is one relay. */
  private readonly breaker = new Breaker();

  constructor(
    private readonly dataSource: DataSource,
    private readonly carrier: Carrier,
    private readonly seal: Seal,
    private readonly addresses: Addresses,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    for (const lane of LANES) {
      this.waker.register({ name: `mail ${lane}`, loops: LANE_CONNECTIONS, run: (signal) => this.deliver(lane, signal) });
    }
    this.waker.register({ name: 'mail sweep', pause: SWEEP_EVERY_MS, run: () => this.sweep() });
  }

  onApplicationShutdown(): void {
    this.carrier.close();
  }

  /**
   * Tries one mail of the lane that is due.
   * @returns whether there was one
   */
  async deliver(lane: Lane, signal: AbortSignal): Promise<boolean> {
    if (!(await this.breaker.lets(() => this.carrier.probe()))) return false;
    const mail = await claimMail(this.dataSource.manager, lane);
    if (!mail) return false;
    await this.record(mail, await this.attempt(lane, mail, signal));
    return true;
  }

  private async sweep(): Promise<false> {
    await sweepMail(this.dataSource.manager);
    return false;
  }

  private async attempt(
    lane: Lane,
    { to, content, messageId, createdAt, attempts, ...mail }: ClaimedMail,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let address: string;
    let letter: Mail;
    try {
      address = this.seal.open(to, `${messageId} to`);
      letter = JSON.parse(this.seal.open(content, `${messageId} content`)) as Mail;
    } catch {
      return { state: 'dead', code: null, reason: 'It cannot be decrypted: SECRET_KEY has changed since it was posted.' };
    }
    const from = {
      name: wordingIn(mail.centerName, mail.centerLang),
      address: `noreply@${mailHost(this.addresses.origin)}`,
    };
    const deadline = new AbortController();
    const giveUp = (): void => deadline.abort();
    const timer = setTimeout(giveUp, DEADLINE_MS);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    try {
      await this.carrier.carry(lane, { ...letter, to: address, from, messageId, date: createdAt }, deadline.signal);
      this.breaker.reached();
      return { state: 'sent' };
    } catch (error) {
      const { fault, code, message } = error instanceof NotSent ? error : new NotSent('later', null, (error as Error).message);
      // What a process told to stop breaks off says nothing about the relay.
      if (fault !== 'unreachable') this.breaker.reached();
      else if (!signal.aborted) this.stumble();
      const reason = scrubbed(message, address);
      if (fault === 'refused') return { state: 'dead', code, reason };
      const minutes = BACK_OFF_MINUTES[Math.min(attempts, BACK_OFF_MINUTES.length) - 1]!;
      return { state: 'waiting', code, reason, delaySeconds: minutes * 60 * (0.8 + Math.random() * 0.4) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  private stumble(): void {
    if (this.breaker.failed()) this.logger.error('the relay does not answer: mail waits, and a connection is tried every 30 s');
  }

  private async record(mail: ClaimedMail, outcome: Outcome): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const held = await recordOutcome(this.dataSource.manager, mail, outcome);
        if (!held) this.logger.warn(`mail ${mail.id} was no longer held when its try ended as ${outcome.state}`);
        return;
      } catch (error) {
        if (attempt === RECORD_ATTEMPTS) throw error;
        await sleep(RECORD_PAUSE_MS);
      }
    }
  }
}
