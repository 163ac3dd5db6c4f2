import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Reader, statement } from '../database/reader.js';
import { HomeLanguage } from '../http/problem.js';
import { Published, validity, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { cleanWording, type Wording } from '../text/wording.js';
import { Center, MastheadTerm, type Contact } from './center.entity.js';

export interface CenterIdentity {
  readonly name: Wording;
  readonly tagline: Wording;
  readonly publisher: Wording;
  readonly contact: Contact;
  readonly masthead: readonly { readonly role: Wording; readonly person: Wording; readonly since?: string; readonly until?: string }[];
}

/**
 * The center and who holds office today. $1 asked language.
 * A term begins and ends without anybody's act, so the day it did so counts as a change too.
 */
const center = statement(`
  with today as materialized (select (now() at time zone zone)::date as day from pub.center),
  terms as materialized (
    select m.* from pub.masthead m, today where coalesce(m.since, '-infinity') <= today.day and today.day <= coalesce(m.until, 'infinity')),
  turn as (
    select max(day_of_turn)::timestamp at time zone c.zone as at
    from pub.center c, pub.masthead m cross join lateral (values (m.since), (m.until + 1)) turns (day_of_turn), today
    where day_of_turn <= today.day group by c.zone)
  select json_build_object(
      'name', pub.wording(c.name, $1, c.lang), 'tagline', pub.wording(c.tagline, $1, c.lang), 'zone', c.zone,
      'masthead', (
        select coalesce(json_agg(json_build_object('role', pub.wording(m.role, $1, c.lang), 'person', pub.wording(m.person, $1, c.lang), 'since', m.since) order by m.position), '[]')
        from terms m),
      'contact', json_build_object('email', c.contact ->> 'email', 'phone', c.contact ->> 'phone', 'address', pub.wording(c.contact -> 'address', $1, c.lang))
    )::text as body,
    ${validity('greatest(clock.changed_at, (select at from turn))')}
  from pub.center c, pub.clock`);

@Injectable()
export class MastheadService implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly home: HomeLanguage,
  ) {}

  /** Refusals without a `lang` speak the center's language; it is read once, so that a refusal needs no database. */
  async onModuleInit(): Promise<void> {
    this.home.lang = (await this.settings(this.dataSource.manager)).lang;
  }

  /** @returns the center's language and zone, by which pieces are dated */
  async settings(tx: EntityManager): Promise<Pick<Center, 'lang' | 'zone' | 'name' | 'publisher'>> {
    return tx.getRepository(Center).findOneByOrFail({ id: 1 });
  }

  /** Replaces who the center is and its whole masthead. */
  async introduce(tx: EntityManager, identity: CenterIdentity): Promise<void> {
    const { address, ...contact } = identity.contact;
    await tx.getRepository(Center).update(
      { id: 1 },
      {
        name: cleanWording(identity.name),
        tagline: cleanWording(identity.tagline),
        publisher: cleanWording(identity.publisher),
        contact: { ...contact, address: cleanWording(address ?? {}) },
      },
    );
    const terms = tx.getRepository(MastheadTerm);
    await terms.createQueryBuilder().delete().execute();
    await terms.insert(
      identity.masthead.map(({ role, person, since, until }, position) => ({
        position,
        role: cleanWording(role),
        person: cleanWording(person),
        since: since ?? null,
        until: until ?? null,
      })),
    );
  }

  async center(lang: Lang | undefined): Promise<Published> {
    const row = await this.reader.row<PublishedRow>(center, [lang]);
    return new Published(row!);
  }
}
