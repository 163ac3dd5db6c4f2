import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { Reader } from '../database/reader.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, acceptedLink, type Problem } from '../http/problem.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import { fieldRefused, newSlug } from '../http/refusals.js';
import { advanced, changedSlug, found, held } from '../http/versioned.js';
import { MediaService } from '../media/media.service.js';
import { cleanLine, cleanProse } from '../text/clean.js';
import { matchKey, sortKey, splitHonorific } from '../text/fold.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';
import { DeskAuthor, type DeskAuthorList, type ListAuthors, type ListDeskAuthors } from './author.dto.js';
import { Author, type AuthorLink } from './author.entity.js';
import { authorBySlug, authorPage, deskAuthorPage } from './authors.queries.js';

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

@Injectable()
export class AuthorsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly addresses: Addresses,
    private readonly audit: AuditService,
    private readonly media: MediaService,
  ) {}

  /**
   * @returns id and the slug that was free
   * @throws Problem 422 `slug_invalid`, `orcid_invalid`, `link_invalid`
   */
  async create(tx: EntityManager, author: NewAuthor): Promise<{ id: number; slug: string }> {
    const { honorific = {}, affiliation = {}, bio = {}, orcid = null, links = [], aliases = [], portraitId = null } = author;
    const said = columnsOf({ name: author.name, honorific, affiliation, bio, orcid, links, aliases });
    const { keys, order } = namesOf(said.name!, said.aliases!);
    return insertWithSlug(tx, 'authors', newSlug(author.slug, wordingIn(said.name!, 'ar'), 'author'), {
      ...said,
      // As text: pg would send an array of objects as a PostgreSQL array.
      links: JSON.stringify(said.links),
      portrait_id: portraitId,
      match_keys: keys,
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
    const [known] = await tx.query<{ id: number }[]>(`select id from authors where match_keys && $1 order by id limit 1`, [keys]);
    return known ?? this.create(tx, { name: { [lang]: name }, honorific: { [lang]: honorific } });
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

  /** @throws as {@link create}; Problem 422 `unknown_reference` for a portrait that the editor may not use */
  async add(actor: EditorActor, author: NewAuthor): Promise<DeskAuthor> {
    return inTransaction(this.dataSource, async (tx) => {
      await this.acceptPortrait(tx, actor, author.portraitId);
      const { id } = await this.create(tx, author);
      const after = DeskAuthor.of(await found(tx, Author, id));
      await this.audit.record(tx, actor, { act: 'authors.create', object: { type: 'author', id }, ...differences(null, after) });
      return after;
    });
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
      const { keys, order } = namesOf(said.name ?? before.name, said.aliases ?? before.aliases);
      const columns = { ...changedSlug(before, slug), ...said, matchKeys: keys, sortKey: order };
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
function namesOf(name: Wording, aliases: readonly string[]): { keys: string[]; order: string } {
  const displayed = wordingIn(name, 'ar');
  return { keys: [...new Set([...Object.values(name), ...aliases].map(matchKey))], order: sortKey(displayed) || displayed };
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

function unknownPortrait(): Problem {
  const message = { ar: 'لا توجد صورة بهذا الرقم.', en: 'There is no picture with this id.' };
  return fieldRefused(422, 'unknown_reference', 'portraitId', message);
}
