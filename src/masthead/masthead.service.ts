import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import type { Role } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { Reader, statement } from '../database/reader.js';
import { inTransaction } from '../database/transaction.js';
import { Published, validity, type PageRow, type PublishedRow } from '../http/published.js';
import { fieldRefused } from '../http/refusals.js';
import { advanced, held } from '../http/versioned.js';
import type { Lang } from '../text/language.js';
import { cleanWording, type Wording } from '../text/wording.js';
import { DeskCenter } from './center.dto.js';
import { Center, DEFAULT_COLOR, MastheadTerm, type Contact } from './center.entity.js';

/** Who holds an office; days in the center's zone. */
interface Term {
  readonly role: Wording;
  readonly person: Wording;
  readonly since?: string | null;
  readonly until?: string | null;
}

export interface CenterIdentity {
  readonly name: Wording;
  readonly tagline: Wording;
  readonly publisher: Wording;
  readonly contact: Contact;
  readonly masthead: readonly Term[];
}

/** What an admin says of the center. */
interface CenterText extends Partial<Omit<CenterIdentity, 'contact'>> {
  readonly lang?: Lang;
  readonly zone?: string;
  readonly color?: string;
  readonly mailSharing?: boolean;
  readonly secondFactorRoles?: Role[];
  /** In days; null: for good. */
  readonly retention?: { readonly revisionsDays?: number | null; readonly auditDays?: number | null };
  readonly contact?: { readonly email?: string | null; readonly phone?: string | null; readonly address?: Wording };
}

/** Who holds office today. A term begins and ends without anybody's act, so the day it did so counts as a change too. */
const inOffice = `
  today as materialized (select (now() at time zone zone)::date as day from pub.center),
  terms as materialized (
    select m.* from pub.masthead m, today where coalesce(m.since, '-infinity') <= today.day and today.day <= coalesce(m.until, 'infinity')),
  turn as (
    select max(day_of_turn)::timestamp at time zone c.zone as at
    from pub.center c, pub.masthead m cross join lateral (values (m.since), (m.until + 1)) turns (day_of_turn), today
    where day_of_turn <= today.day group by c.zone)`;

/** The center and who holds office today. $1 asked language */
const center = statement(`
  with ${inOffice}
  select json_build_object(
      'name', pub.wording(c.name, $1, c.lang), 'tagline', pub.wording(c.tagline, $1, c.lang), 'zone', c.zone,
      'masthead', (
        select coalesce(json_agg(json_build_object('role', pub.wording(m.role, $1, c.lang), 'person', pub.wording(m.person, $1, c.lang), 'since', m.since) order by m.position), '[]')
        from terms m),
      'contact', json_build_object('email', c.contact ->> 'email', 'phone', c.contact ->> 'phone', 'address', pub.wording(c.contact -> 'address', $1, c.lang))
    )::text as body,
    ${validity('greatest(clock.changed_at, (select at from turn))')}
  from pub.center c, pub.clock`);

/** The same for a reader page, in every language. */
const centerForPage = statement(`
  with ${inOffice}
  select c.name as center, c.lang as home, c.zone, c.tagline, c.contact,
    (select coalesce(json_agg(json_build_object('role', m.role, 'person', m.person, 'since', m.since) order by m.position), '[]') from terms m) as masthead,
    ${validity('greatest(clock.changed_at, (select at from turn))')}
  from pub.center c, pub.clock`);

/** The center as its page shows it. */
export interface ReadCenter extends PageRow {
  readonly tagline: Wording;
  readonly contact: Contact;
  /** Those in office today, in order; days in the center's zone. */
  readonly masthead: readonly { readonly role: Wording; readonly person: Wording; readonly since: string | null }[];
}

@Injectable()
export class MastheadService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly audit: AuditService,
  ) {}

  /** @returns the center's language and zone, by which pieces are dated */
  async settings(tx: EntityManager): Promise<Pick<Center, 'lang' | 'zone' | 'name' | 'publisher'>> {
    return tx.getRepository(Center).findOneByOrFail({ id: 1 });
  }

  /** Replaces who the center is and its whole masthead. */
  async introduce(tx: EntityManager, identity: CenterIdentity): Promise<void> {
    await tx.getRepository(Center).update(
      { id: 1 },
      {
        name: cleanWording(identity.name),
        tagline: cleanWording(identity.tagline),
        publisher: cleanWording(identity.publisher),
        contact: contactOf(identity.contact),
      },
    );
    await appoint(tx, identity.masthead);
  }

  async center(lang: Lang | undefined): Promise<Published> {
    const row = await this.reader.row<PublishedRow>(center, [lang]);
    return new Published(row!);
  }

  async read(): Promise<ReadCenter> {
    return (await this.reader.row<ReadCenter>(centerForPage, []))!;
  }

  /** The center as the desk has it. */
  deskFind(): Promise<DeskCenter> {
    // One snapshot, so that nobody is shown a masthead of another version.
    return this.dataSource.transaction('REPEATABLE READ', async (tx) =>
      DeskCenter.of(await tx.getRepository(Center).findOneByOrFail({ id: 1 }), await termsOf(tx)),
    );
  }

  /** Says the center anew: what is left out is as in a center just made. @throws as {@link change} */
  replace(actor: EditorActor, text: CenterText & { readonly version: number }): Promise<DeskCenter> {
    const asNew = {
      lang: 'ar',
      zone: 'Africa/Cairo',
      tagline: {},
      publisher: {},
      contact: {},
      color: DEFAULT_COLOR,
      mailSharing: true,
    } as const;
    const retention = { revisionsDays: null, auditDays: null, ...text.retention };
    return this.change(actor, { ...asNew, secondFactorRoles: [], masthead: [], ...text, retention });
  }

  /**
   * Changes what is given; contact and masthead are replaced whole.
   * @throws Problem 409 `stale_version`; 422 `zone_unknown`, `color_contrast`, `term_order`
   */
  async change(actor: EditorActor, text: CenterText & { readonly version: number }): Promise<DeskCenter> {
    const { version, lang, zone, name, tagline, publisher, contact, color, mailSharing, secondFactorRoles, retention, masthead } = text;
    if (color !== undefined && contrastWithWhite(color) < READABLE) throw colorContrast();
    return inTransaction(this.dataSource, async (tx) => {
      const row = await held(tx, Center, 1);
      const before = DeskCenter.of(row, await termsOf(tx));
      if (zone !== undefined && zone !== row.zone) await refuseUnknownZone(tx, zone);
      const columns = {
        lang,
        zone,
        name,
        tagline,
        publisher,
        contact: contact && contactOf(contact),
        color,
        mailSharing,
        secondFactorRoles,
        revisionsKeptDays: retention?.revisionsDays,
        auditKeptDays: retention?.auditDays,
      };
      const changed = await advanced(tx, Center, row, version, columns);
      if (masthead) await appoint(tx, masthead);
      const after = DeskCenter.of(changed, await termsOf(tx));
      await this.audit.record(tx, actor, { act: 'center.change', object: { type: 'center', id: 1 }, ...differences(before, after) });
      return after;
    });
  }
}

function termsOf(tx: EntityManager): Promise<MastheadTerm[]> {
  return tx.getRepository(MastheadTerm).find({ order: { position: 'ASC', id: 'ASC' } });
}

/** Replaces the masthead. @throws Problem 422 `term_order` */
async function appoint(tx: EntityManager, masthead: readonly Term[]): Promise<void> {
  const terms = tx.getRepository(MastheadTerm);
  await terms.createQueryBuilder().delete().execute();
  const rows = masthead.map(({ role, person, since = null, until = null }, position) => {
    if (since !== null && until !== null && until < since) throw termOrder(position);
    return { position, role: cleanWording(role), person: cleanWording(person), since, until };
  });
  if (rows.length > 0) await terms.insert(rows);
}

/** What is empty is left out, as in a center that never had it. */
function contactOf({ email, phone, address = {} }: NonNullable<CenterText['contact']>): Contact {
  return { ...(email ? { email } : {}), ...(phone ? { phone } : {}), address: cleanWording(address) };
}

/** Dates are reckoned in the database, datelines here: both must know the zone. @throws Problem 422 `zone_unknown` */
async function refuseUnknownZone(tx: EntityManager, zone: string): Promise<void> {
  const [{ known }] = await tx.query<[{ known: boolean }]>(`select exists (select from pg_timezone_names where name = $1) as known`, [
    zone,
  ]);
  if (known && isZone(zone)) return;
  const message = { ar: 'منطقة زمنية لا نعرفها. مثال: Africa/Cairo.', en: 'Not a time zone that is known. Example: Africa/Cairo.' };
  throw fieldRefused(422, 'zone_unknown', 'zone', message);
}

function isZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    // RangeError is its way of saying no.
    return false;
  }
}

/** For text of any size: WCAG 2.2, success criterion 1.4.3. */
const READABLE = 4.5;

/** The contrast ratio of WCAG 2.2 between `#rrggbb` and white: 1 to 21. */
function contrastWithWhite(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

function colorContrast(): Error {
  const message = {
    ar: 'لون فاتح لا يُقرأ عليه نص أبيض؛ اختر لونًا أغمق.',
    en: 'White text cannot be read on so light a color; choose a darker one.',
  };
  return fieldRefused(422, 'color_contrast', 'color', message);
}

function termOrder(position: number): Error {
  const message = { ar: 'نهاية المدة قبل بدايتها.', en: 'The term ends before it begins.' };
  return fieldRefused(422, 'term_order', `masthead.${position}.until`, message);
}
