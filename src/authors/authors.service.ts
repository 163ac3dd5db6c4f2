import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { Reader } from '../database/reader.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem, acceptedLink } from '../http/problem.js';
import type { Cursor } from '../http/cursor.js';
import { Moved, Published, type PageRow, type PublishedRow } from '../http/published.js';
import { fieldRefused, newSlug, staleVersion } from '../http/refusals.js';
import { advanced, changedSlug, found, held } from '../http/versioned.js';
import { MediaService } from '../media/media.service.js';
import type { PublicPicture } from '../media/picture.js';
import { Waker } from '../jobs/waker.js';
import { cleanLine, cleanProse } from '../text/clean.js';
import { matchKey, sortKey, splitHonorific } from '../text/fold.js';
import type { Lang } from '../text/language.js';
import { nameSkeleton, soundAlike } from '../text/name-sound.js';
import { foldSlug, idOrFolded } from '../text/slug.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';
import {
  DeskAuthor,
  REASONS,
  type DeskAuthorList,
  type ListAuthors,
  type ListDeskAuthors,
  type LookAlike,
  type NewDeskAuthor,
  type Reason,
} from './author.dto.js';
import { Author, type AuthorLink } from './author.entity.js';
import {
  authorBySlug,
  authorForPage,
  authorPage,
  authorsForPage,
  deskAuthorPage,
  holdMerges,
  leadOn,
  resembling,
} from './authors.queries.js';

export interface NewAuthor {
  readonly name: Wording;
  readonly slug?: string;
  readonly honorific?: Wording;
  readonly affiliation?: Wording;
  /** In paragraphs. */
  readonly bio?: Wording;
  readonly orcid?: string | null;
  readonly links?: readonly AuthorLink[];
  readonly aliases?: readonly string[];
  readonly portraitId?: number | null;
}

/** An author as a list of them shows them. */
interface AuthorEntry {
  readonly slug: string;
  readonly name: Wording;
  readonly affiliation: Wording;
  readonly portrait: PublicPicture | null;
}

/** An author as their page shows them. */
export interface ReadAuthor extends PageRow, AuthorEntry {
  readonly id: number;
  /** In paragraphs. */
  readonly bio: Wording;
  readonly orcid: string | null;
  readonly links: readonly AuthorLink[];
}

/** A page of authors by name. */
export interface ReadAuthors extends PageRow {
  readonly authors: readonly AuthorEntry[];
  /** Cursor of the next page. */
  readonly next: string | null;
}

@Injectable()
export class AuthorsService implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly addresses: Addresses,
    private readonly audit: AuditService,
    private readonly media: MediaService,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'sounds of names', pause: 60_000, run: () => this.hearNames() });
  }

  /**
   * @returns id and the slug that was free
   * @throws Problem 422 `slug_invalid`, `orcid_invalid`, `link_invalid`
   */
  async create(tx: EntityManager, author: NewAuthor): Promise<{ id: number; slug: string }> {
    const { honorific = {}, affiliation = {}, bio = {}, orcid = null, links = [], aliases = [], portraitId = null } = author;
    const said = columnsOf({ name: author.name, honorific, affiliation, bio, orcid, links, aliases });
    const { matchKeys, nameSkeletons, sortKey: order } = namesOf(said.name!, said.aliases!);
    return insertWithSlug(tx, 'authors', newSlug(author.slug, wordingIn(said.name!, 'ar'), 'author'), {
      ...said,
      // As text: pg would send an array of objects as a PostgreSQL array.
      links: JSON.stringify(said.links),
      portrait_id: portraitId,
      match_keys: matchKeys,
      name_skeletons: nameSkeletons,
      sort_key: order,
    });
  }

  /**
   * The author who signs with this name, made when there is none. Names are compared folded and without honorific, so د. عبد الله and عبدالله
   * are one.
   * @param signature as printed
   */
  async findOrCreate(tx: EntityManager, lang: Lang, signature: string): Promise<{ id: number }> {
    const { honorific, name } = splitHonorific(cleanLine(signature));
    const keys = [matchKey(name)];
    // Held to the end of the transaction: two imports with a new name at once make one author.
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('author:' || $1, 0))`, [keys[0]]);
    const [known] = await tx.query<{ id: number }[]>(
      `select coalesce(merged_into, id) as id from authors where match_keys && $1 order by authors.id limit 1`,
      [keys],
    );
    return known ?? this.create(tx, { name: { [lang]: name }, honorific: { [lang]: honorific } });
  }

  /**
   * Reckons by what sound some authors of before are known, whose names were written when nobody asked for it.
   * @returns whether there were any
   */
  private async hearNames(): Promise<boolean> {
    return inTransaction(this.dataSource, async (tx) => {
      const unheard = await tx.query<Pick<Author, 'id' | 'name' | 'aliases'>[]>(
        `select id, name, aliases from authors where name_skeletons is null order by id limit 500 for no key update skip locked`,
      );
      for (const { id, name, aliases } of unheard) await tx.getRepository(Author).update({ id }, namesOf(name, aliases));
      return unheard.length > 0;
    });
  }

  async list({ lang, limit, cursor }: ListAuthors): Promise<Published> {
    const row = await this.reader.row<PublishedRow & { next: string | null }>(authorPage, [
      lang,
      cursor?.key,
      cursor?.id,
      limit,
      this.addresses.origin,
    ]);
    const next = row!.next === null ? null : this.addresses.api(['authors'], { lang, limit: String(limit), cursor: row!.next });
    return new Published(row!, next);
  }

  /** @throws NotFound also for an author nothing of whom is public */
  async find(slug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const row = await this.reader.row<PublishedRow & { slug: string }>(authorBySlug, [foldSlug(slug), lang, this.addresses.origin]);
    if (row === null) throw new NotFound();
    if (row.slug !== slug) return new Moved(this.addresses.api(['authors', row.slug], { lang }));
    return new Published(row);
  }

  /** @param lang of what is said of the portrait @throws NotFound as {@link find} */
  async read(idOrSlug: string, lang: Lang | undefined): Promise<ReadAuthor> {
    const row = await this.reader.row<ReadAuthor>(authorForPage, [...idOrFolded(idOrSlug), lang, this.addresses.origin]);
    if (row === null) throw new NotFound();
    return row;
  }

  /** @param lang of what is said of the portraits */
  async page(limit: number, cursor: Cursor | undefined, lang: Lang | undefined): Promise<ReadAuthors> {
    return (await this.reader.row<ReadAuthors>(authorsForPage, [lang, cursor?.key, cursor?.id, limit, this.addresses.origin]))!;
  }

  /** A page of all authors by name, also of those nothing of whom is public. */
  async deskList(query: ListDeskAuthors): Promise<DeskAuthorList> {
    const rows = await deskAuthorPage(this.dataSource.manager, query);
    const items = rows.slice(0, query.limit);
    return { items: items.map(({ author }) => author), nextCursor: rows.length > query.limit ? items.at(-1)!.cursor : null };
  }

  /** @throws Problem 404 */
  async deskFind(id: number): Promise<DeskAuthor> {
    return DeskAuthor.of(await found(this.dataSource.manager, Author, id));
  }

  /**
   * Makes an author, and names those who may be the same person.
   * @throws as {@link create}; Problem 422 `unknown_reference` for a portrait that the editor may not use
   */
  async add(actor: EditorActor, author: NewAuthor): Promise<NewDeskAuthor> {
    return inTransaction(this.dataSource, async (tx) => {
      await this.acceptPortrait(tx, actor, author.portraitId);
      const { id } = await this.create(tx, author);
      const row = await found(tx, Author, id);
      const after = DeskAuthor.of(row);
      await this.audit.record(tx, actor, { act: 'authors.create', object: { type: 'author', id }, ...differences(null, after) });
      return { ...after, lookAlikes: await lookAlikes(tx, row) };
    });
  }

  /**
   * Leads readers from a record to another one of the same person. Nothing is moved or rewritten, so it can be taken back.
   * @param into whom readers are led to @param version of the record that is merged
   * @throws Problem 404; 409 `stale_version`, `author_merged` when one of the two was merged already; 422 `unknown_reference`, `author_in_itself`
   */
  async merge(actor: EditorActor, id: number, into: number, version: number): Promise<DeskAuthor> {
    if (id === into) throw authorInItself();
    return inTransaction(this.dataSource, async (tx) => {
      await holdMerges(tx, [id, into]);
      const before = await held(tx, Author, id);
      const target = await tx.getRepository(Author).findOneBy({ id: into });
      if (target === null) throw unknownTarget();
      if (before.version !== version) throw staleVersion(before.version);
      if (before.mergedInto !== null) throw authorMerged('id', before.mergedInto);
      if (target.mergedInto !== null) throw authorMerged('into', target.mergedInto);
      await tx.query(`insert into author_merges (from_author_id, into_author_id, merged_by) values ($1, $2, $3)`, [
        id,
        into,
        actor.editor.id,
      ]);
      return this.led(tx, actor, before, 'authors.merge');
    });
  }

  /**
   * Takes a record's merge back: whoever had been merged into it comes along.
   * @throws Problem 404; 409 `stale_version`, `author_not_merged`
   */
  async unmerge(actor: EditorActor, id: number, version: number): Promise<DeskAuthor> {
    return inTransaction(this.dataSource, async (tx) => {
      const { mergedInto } = await found(tx, Author, id);
      await holdMerges(tx, mergedInto === null ? [id] : [id, mergedInto]);
      const before = await held(tx, Author, id);
      if (before.version !== version) throw staleVersion(before.version);
      const [, undone] = await tx.query<[unknown, number]>(
        `update author_merges set undone_at = now(), undone_by = $2 where from_author_id = $1 and undone_at is null`,
        [id, actor.editor.id],
      );
      if (undone === 0) throw authorNotMerged();
      return this.led(tx, actor, before, 'authors.unmerge');
    });
  }

  private async led(tx: EntityManager, actor: EditorActor, before: Author, act: string): Promise<DeskAuthor> {
    await leadOn(tx, before.id);
    const after = DeskAuthor.of(await advanced(tx, Author, before, before.version, {}));
    const what = differences(DeskAuthor.of(before), after);
    await this.audit.record(tx, actor, { act, object: { type: 'author', id: before.id }, ...what });
    return after;
  }

  /** Says who the author is anew: what is left out is as in a new one, except the slug. @throws as {@link change} */
  replace(actor: EditorActor, id: number, author: NewAuthor & { readonly version: number }): Promise<DeskAuthor> {
    return this.change(actor, id, {
      honorific: {},
      affiliation: {},
      bio: {},
      orcid: null,
      links: [],
      aliases: [],
      portraitId: null,
      ...author,
    });
  }

  /**
   * Changes what is given; what names are found and sorted by follows.
   * @throws Problem 404; 409 `stale_version`, `slug_taken`; 422 as {@link add}
   */
  async change(actor: EditorActor, id: number, change: Partial<NewAuthor> & { readonly version: number }): Promise<DeskAuthor> {
    const { version, slug, ...parts } = change;
    return inTransaction(this.dataSource, async (tx) => {
      const before = await held(tx, Author, id);
      const { portraitId } = parts;
      if (portraitId !== before.portraitId) await this.acceptPortrait(tx, actor, portraitId);
      const said = { ...columnsOf(parts), portraitId };
      const columns = { ...changedSlug(before, slug), ...said, ...namesOf(said.name ?? before.name, said.aliases ?? before.aliases) };
      const after = DeskAuthor.of(await advanced(tx, Author, before, version, columns));
      const what = differences(DeskAuthor.of(before), after);
      await this.audit.record(tx, actor, { act: 'authors.change', object: { type: 'author', id }, ...what });
      return after;
    });
  }

  /** Held until the transaction ends, so that it is not removed meanwhile. @throws Problem 422 `unknown_reference` */
  private async acceptPortrait(tx: EntityManager, actor: EditorActor, id: number | null | undefined): Promise<void> {
    if (!id) return;
    const media = await this.media.usable(tx, actor, [id]);
    if (media.get(id)?.kind !== 'picture') throw unknownPortrait();
  }
}

/** What is said of an author, cleaned; what is not said stays undefined. @throws Problem 422 `orcid_invalid`, `link_invalid` */
function columnsOf(
  said: Partial<NewAuthor>,
): Partial<Pick<Author, 'name' | 'honorific' | 'affiliation' | 'bio' | 'orcid' | 'links' | 'aliases'>> {
  const { name, honorific, affiliation, bio, orcid, links, aliases } = said;
  if (typeof orcid === 'string' && !isOrcid(orcid)) throw orcidInvalid();
  return {
    name: name && cleanWording(name),
    honorific: honorific && cleanWording(honorific),
    affiliation: affiliation && cleanWording(affiliation),
    bio: bio && cleanWording(bio, cleanProse),
    orcid,
    links: links?.map(({ label, url }, index) => ({ label: cleanLine(label), url: acceptedLink(`links.${index}.url`, url) })),
    aliases: aliases?.map(cleanLine),
  };
}

/** What an author is found by and sorted by. A name of marks alone, which sorting leaves out, is sorted as it stands. */
function namesOf(name: Wording, aliases: readonly string[]): Pick<Author, 'matchKeys' | 'sortKey'> & { nameSkeletons: string[] } {
  const displayed = wordingIn(name, 'ar');
  const names = [...Object.values(name), ...aliases];
  return {
    matchKeys: [...new Set(names.flatMap((one) => [matchKey(one), barelyNamed(one)]))],
    nameSkeletons: skeletonsOf(names),
    sortKey: sortKey(displayed) || displayed,
  };
}

function skeletonsOf(names: readonly string[]): string[] {
  return [...new Set(names.map(nameSkeleton).filter((skeleton) => skeleton !== ''))];
}

const MOST_LOOK_ALIKES = 20;

/** Who may be the same person as a record just made. */
async function lookAlikes(tx: EntityManager, author: Author): Promise<LookAlike[]> {
  const names = [...Object.values(author.name), ...author.aliases];
  const candidates = await resembling(tx, author);
  const named = new Map<number, LookAlike>();
  for (const { id, slug, name, names: others, sameOrcid } of candidates) {
    const reason = sameOrcid ? 'same_orcid' : resemblance(names, others);
    const known = named.get(id)?.reason;
    if (reason !== null && (known === undefined || surer(reason, known) < 0)) named.set(id, { id, slug, name, reason });
  }
  return [...named.values()].sort((one, other) => surer(one.reason, other.reason) || one.id - other.id).slice(0, MOST_LOOK_ALIKES);
}

function resemblance(names: readonly string[], others: readonly string[]): Reason | null {
  const keys = new Set(names.map(barelyNamed));
  keys.delete('');
  if (others.some((other) => keys.has(barelyNamed(other)))) return 'same_name';
  return names.some((name) => others.some((other) => soundAlike(name, other))) ? 'similar_name' : null;
}

/** Below 0 when `one` is the surer sign. */
function surer(one: Reason, other: Reason): number {
  return REASONS.indexOf(one) - REASONS.indexOf(other);
}

/** A name compared without what stands before it. */
function barelyNamed(name: string): string {
  return matchKey(splitHonorific(name).name);
}

/** ISO 7064 MOD 11-2, as ORCID computes its last character. */
function isOrcid(value: string): boolean {
  if (!/^(\d{4}-){3}\d{3}[\dX]$/.test(value)) return false;
  const digits = value.replaceAll('-', '');
  const sum = Array.from(digits.slice(0, 15)).reduce((total, digit) => (total + Number(digit)) * 2, 0);
  const check = (12 - (sum % 11)) % 11;
  return digits[15] === (check === 10 ? 'X' : String(check));
}

function orcidInvalid(): Problem {
  const message = { ar: 'رقم ORCID غير صحيح: خانة التحقق لا تطابق.', en: 'Not an ORCID: its check digit does not fit.' };
  return fieldRefused(422, 'orcid_invalid', 'orcid', message, 'orcid');
}

function authorInItself(): Problem {
  const message = { ar: 'لا يُدمج سجل في نفسه.', en: 'A record cannot be merged into itself.' };
  return fieldRefused(422, 'author_in_itself', 'into', message);
}

function unknownTarget(): Problem {
  const message = { ar: 'لا يوجد كاتب بهذا الرقم.', en: 'There is no author with this id.' };
  return fieldRefused(422, 'unknown_reference', 'into', message);
}

/** @param field which of the two records @param into whom it was merged into */
function authorMerged(field: 'id' | 'into', into: number): Problem {
  const message = {
    ar: `هذا السجل مدموج في الكاتب رقم ${into}. ادمج في ذلك، أو افصل هذا أولًا.`,
    en: `This record was merged into author ${into}. Merge into that one, or take this merge back first.`,
  };
  return new Problem(409, 'author_merged', message, { errors: [{ field, rule: `into:${into}`, message }] });
}

function authorNotMerged(): Problem {
  return new Problem(409, 'author_not_merged', { ar: 'هذا السجل غير مدموج.', en: 'This record is not merged.' });
}

function unknownPortrait(): Problem {
  const message = { ar: 'لا توجد صورة بهذا الرقم.', en: 'There is no picture with this id.' };
  return fieldRefused(422, 'unknown_reference', 'portraitId', message);
}
