import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { networkOf } from '../http/client-network.js';
import type { Problem } from '../http/problem.js';
import { fieldRefused, noSuchThing } from '../http/refusals.js';
import { DeskEvent } from './correction.dto.js';
import { eventsOf, type EventRow, type NewEvent } from './corrections.queries.js';
import { CorrectionsService } from './corrections.service.js';
import { NetworkKeys } from './network-keys.service.js';
import { refusePartsOfMinutes } from './whole-minutes.js';

/** Shorter ones would show whose ballots they are, one by one. */
const SHORTEST_MS = 30 * 60_000;

/** Gatherings that the desk knows of: ballots of their network and time are no crowd. The network is kept as a keyed hash alone. */
@Injectable()
export class PollEventsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly corrections: CorrectionsService,
    private readonly keys: NetworkKeys,
    private readonly audit: AuditService,
  ) {}

  /** In their order of time. @throws Problem 404 */
  async list(pollId: number): Promise<DeskEvent[]> {
    const polls = await this.dataSource.query<unknown[]>(`select from polls where id = $1`, [pollId]);
    if (polls.length === 0) throw noSuchThing();
    return (await this.dataSource.query<EventRow[]>(eventsOf, [pollId, null])).map(DeskEvent.of);
  }

  /**
   * Declares an event, before it or up to 48 hours after: those of its ballots that wait because of their network are counted.
   * @param address of the event's network, in clear; goes no further
   * @throws Problem 404; 409 `already_scrubbed`; 422 `event_times`, `event_too_short`, `not_whole_minute`
   */
  async declare(actor: EditorActor, pollId: number, { label, startsAt, endsAt }: NewEvent, address: string): Promise<DeskEvent> {
    refusePartsOfMinutes({ startsAt, endsAt });
    const length = endsAt.getTime() - startsAt.getTime();
    // What ends before it begins the database refuses by its own name.
    if (length > 0 && length < SHORTEST_MS) throw eventTooShort();
    const network = networkOf(address);
    const recent = await this.keys.recentKeys(network);
    return this.corrections.correct(pollId, async (tx) => {
      const [{ id }] = await tx.query<[{ id: number }]>(
        `insert into poll_events (poll_id, label, network_key, starts_at, ends_at, created_by) values ($1, $2, $3, $4, $5, $6) returning id`,
        [pollId, label, this.keys.eventKey(network), startsAt, endsAt, actor.editor.id],
      );
      await tx.query(
        `update ballots b set event_id = $2,
           status = case when b.status = 'under_review' and g.kind <> 'no_work' then 'counted' else b.status end
         from ballots own left join ballot_groups g on g.id = own.group_id
         where own.poll_id = $1 and own.network_key = any($3) and own.cast_at >= $4 and own.cast_at < $5 and own.event_id is null
           and own.status <> 'void' and b.poll_id = $1 and b.id = own.id`,
        [pollId, id, recent, startsAt, endsAt],
      );
      const after = await this.event(tx, pollId, id);
      await this.audit.record(tx, actor, {
        act: 'polls.declare_event',
        object: { type: 'poll', id: pollId },
        after: { event: id, label, startsAt: after.startsAt, endsAt: after.endsAt, ballots: after.ballots },
      });
      return after;
    });
  }

  /** Takes a declaration back. What it has counted stays counted, and may be judged anew while it is fresh. @throws Problem 404; 409 `already_scrubbed` */
  async withdraw(actor: EditorActor, pollId: number, eventId: number): Promise<void> {
    await this.corrections.correct(pollId, async (tx) => {
      const [, deleted] = await tx.query<[unknown, number]>(`delete from poll_events where id = $2 and poll_id = $1`, [pollId, eventId]);
      if (deleted === 0) throw noSuchThing();
      await this.audit.record(tx, actor, {
        act: 'polls.withdraw_event',
        object: { type: 'poll', id: pollId },
        before: { event: eventId },
      });
    });
  }

  private async event(tx: EntityManager, pollId: number, eventId: number): Promise<DeskEvent> {
    const [event] = await tx.query<[EventRow]>(eventsOf, [pollId, eventId]);
    return DeskEvent.of(event);
  }
}

function eventTooShort(): Problem {
  const message = { ar: 'تدوم المناسبة نصف ساعة على الأقل.', en: 'An event lasts half an hour at least.' };
  return fieldRefused(422, 'event_too_short', 'endsAt', message);
}
