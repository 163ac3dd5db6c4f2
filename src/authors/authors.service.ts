import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem, acceptedLink } from '../http/problem.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import { cleanLine } from '../text/clean.js';
import { matchKey, sortKey, splitHonorific } from '../text/fold.js';
import type { Lang } from '../text/language.js';
import { foldSlug, slugify } from '../text/slug.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';
import type { ListAuthors } from './author.dto.js';
import type { AuthorLink } from './author.entity.js';
import { authorBySlug, authorPage } from './authors.queries.js';

export interface NewAuthor {
  readonly name: Wording;
  readonly slug?: string;
  readonly honorific?: Wording;
  readonly affiliation?: Wording;
  readonly bio?: Wording;
  readonly orcid?: string;
  readonly links?: readonly AuthorLink[];
  readonly aliases?: readonly string[];
}

@Injectable()
export class AuthorsService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
  ) {}

  /**
   * @returns id and the slug that was free
   * @throws Problem 422 `orcid_invalid`, `link_invalid`
   */
  async create(tx: EntityManager, author: NewAuthor): Promise<{ id: number; slug: string }> {
    const name = cleanWording(author.name);
    const aliases = (author.aliases ?? []).map(cleanLine);
    const displayName = wordingIn(name, 'ar');
    if (author.orcid !== undefined && !isOrcid(author.orcid)) throw orcidInvalid();
    return insertWithSlug(tx, 'authors', slugify(author.slug ?? displayName, 'author'), {
      name,
      honorific: cleanWording(author.honorific ?? {}),
      affiliation: cleanWording(author.affiliation ?? {}),
      bio: cleanWording(author.bio ?? {}),
      orcid: author.orcid ?? null,
      // As text: pg would send an array of objects as a PostgreSQL array.
      links: JSON.stringify((author.links ?? []).map(({ label, url }) => ({ label: cleanLine(label), url: acceptedLink('links', url) }))),
      aliases,
      match_keys: [...new Set([...Object.values(name), ...aliases].map(matchKey))],
      sort_key: sortKey(displayName),
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
    const row = await this.reader.row<PublishedRow & { next: string | null }>(authorPage, [lang, cursor?.key, cursor?.id, limit]);
    const next = row!.next === null ? null : this.addresses.api(['authors'], { lang, limit: String(limit), cursor: row!.next });
    return new Published(row!, next);
  }

  /** @throws NotFound also for an author nothing of whom is public */
  async find(slug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const row = await this.reader.row<PublishedRow & { slug: string }>(authorBySlug, [foldSlug(slug), lang]);
    if (row === null) throw new NotFound();
    if (row.slug !== slug) return new Moved(this.addresses.api(['authors', row.slug], { lang }));
    return new Published(row);
  }
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
  return new Problem(422, 'orcid_invalid', message, { errors: [{ field: 'orcid', rule: 'orcid', message }] });
}
