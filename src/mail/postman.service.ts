import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import { Waker } from '../jobs/waker.js';
import { wordingIn } from '../text/wording.js';
import { Breaker } from './breaker.js';
import { countedMailbox, parseAddress } from './address.js';
import { Carrier, NotSent, mailHost, type Parcel } from './carrier.js';
import { LANES, handlingOf, type Lane } from './kinds.js';
import type { LetterContent } from './mail-room.service.js';
import { MailStops } from './mail-stops.service.js';
import { MailboxKeys } from './mailbox-keys.js';
import { claimMail, markHandoff, recordOutcome, sweepMail, type ClaimedMail, type Outcome } from './mail.queries.js';
import { LANE_CONNECTIONS } from './relay.js';
import { scrubbed } from './scrubbed.js';
import { Seal } from '../config/seal.js';
import { Suppressions } from './suppressions.service.js';

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
 * dies in between leaves it to be claimed again two minutes later, under the same Message-ID. Kinds that must not arrive twice (`once`) are
 * carried at most once: that one is about to be handed over is written down before its final dot, and from then on only an answer of the
 * relay, or nothing at all, decides what became of it.
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
    private readonly keys: MailboxKeys,
    private readonly suppressions: Suppressions,
    private readonly stops: MailStops,
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

  private async attempt(lane: Lane, mail: ClaimedMail, signal: AbortSignal): Promise<Outcome> {
    const { kind, to, content, messageId, createdAt, attempts } = mail;
    const { apart = false, once = false, refusable = false } = handlingOf(kind);
    let address: string;
    let letter: LetterContent;
    try {
      address = this.seal.open(to, `${messageId} to`);
      letter = JSON.parse(this.seal.open(content, `${messageId} content`)) as LetterContent;
    } catch {
      return dead('It cannot be decrypted: SECRET_KEY has changed since it was posted.');
    }
    const recipient = parseAddress(address);
    if (!recipient) return dead('Its recipient is no address any more.');
    if (refusable && (await this.suppressions.holds(this.dataSource.manager, this.keys.hashOf(recipient)))) return { state: 'withheld' };
    const parcel: Parcel = {
      ...letter,
      to: address,
      from: {
        name: wordingIn(mail.centerName, mail.centerLang),
        address: senderAddress(mailHost(this.addresses.origin), apart),
      },
      messageId,
      date: createdAt,
      ...(refusable ? { unsubscribe: this.suppressions.optOutHref(recipient) } : {}),
    };
    const deadline = new AbortController();
    const giveUp = (): void => deadline.abort();
    const timer = setTimeout(giveUp, DEADLINE_MS);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    let over = false;
    let handedOver = false;
    const handOver = async (): Promise<void> => {
      if (over || !(await markHandoff(this.dataSource.manager, mail))) throw new Error('It is not this try’s to hand over.');
      if (over || deadline.signal.aborted) throw new Error('It was broken off before it was handed over.');
      handedOver = true;
    };
    try {
      await this.carrier.carry(lane, parcel, deadline.signal, once ? handOver : undefined);
      this.breaker.reached();
      return { state: 'sent' };
    } catch (error) {
      const notSent = error instanceof NotSent ? error : new NotSent('later', null, (error as Error).message);
      const { fault, code, status, message } = notSent;
      // What a process told to stop breaks off says nothing about the relay.
      if (fault !== 'unreachable') this.breaker.reached();
      else if (!signal.aborted) this.stumble();
      const reason = scrubbed(message, address);
      if (handedOver && !notSent.definite) return { state: 'uncertain', reason };
      if (fault === 'refused') return { state: 'dead', code, status, reason, bounced: notSent.bounced };
      const minutes = BACK_OFF_MINUTES[Math.min(attempts, BACK_OFF_MINUTES.length) - 1]!;
      return { state: 'waiting', code, status, reason, delaySeconds: minutes * 60 * (0.8 + Math.random() * 0.4) };
    } finally {
      over = true;
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
        const held = await this.dataSource.transaction((tx) => this.write(tx, mail, outcome));
        if (!held) this.logger.warn(`mail ${mail.id} was no longer held when its try ended as ${outcome.state}`);
        return;
      } catch (error) {
        if (attempt === RECORD_ATTEMPTS) throw error;
        await sleep(RECORD_PAUSE_MS);
      }
    }
  }

  /** @returns whether the mail was still held */
  private async write(tx: EntityManager, mail: ClaimedMail, outcome: Outcome): Promise<boolean> {
    const held = await recordOutcome(tx, mail, outcome);
    if (held && outcome.state === 'dead' && outcome.bounced && handlingOf(mail.kind).refusable) {
      const mailbox = parseAddress(this.seal.open(mail.to, `${mail.messageId} to`))!;
      // A spelling that does not exist says nothing of the mailbox it is counted as: else anybody could silence others with a made-up tag.
      if (countedMailbox(mailbox) === mailbox.canonical) await this.suppressions.suppress(tx, this.keys.hashOf(mailbox), 'bounce');
      await this.stops.judge(tx, 'shares');
    }
    return held;
  }
}

/** An end that has nothing to do with the relay. */
function dead(reason: string): Outcome {
  return { state: 'dead', code: null, status: null, reason, bounced: false };
}

/** @param host as mail writes it @param apart see `Handling.apart`; an address of the network has no names below it */
function senderAddress(host: string, apart: boolean): string {
  if (!apart) return `noreply@${host}`;
  return host.startsWith('[') ? `share@${host}` : `share@mail.${host}`;
}
