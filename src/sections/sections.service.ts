import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { holdListings } from '../database/listings.js';
import { Reader } from '../database/reader.js';
import { inTransaction } from '../database/transaction.js';
import { Addresses } from '../http/addresses.js';
import { sectionInItself } from '../http/constraints.js';
import { NotFound } from '../http/problem.js';
import { Moved, Published, type PageRow, type PublishedRow } from '../http/published.js';
import { fieldRefused, newSlug } from '../http/refusals.js';
import { advanced, changedSlug, found, held } from '../http/versioned.js';
import type { Lang } from '../text/language.js';
import { foldSlug, idOrFolded } from '../text/slug.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';
import { DeskSection } from './section.dto.js';
import { Section } from './section.entity.js';
import { relistSubtree, sectionBySlug, sectionForPage, sectionOutline, sectionTree, shapeAround } from './sections.queries.js';

export interface NewSection {
  readonly name: Wording;
  readonly slug?: string;
  readonly description?: Wording;
  readonly parentId?: number | null;
  readonly position?: number;
}

/** What leads to a section. */
interface SectionName {
  readonly slug: string;
  readonly name: Wording;
}

/** A section as its page shows it. */
export interface ReadSection extends PageRow, SectionName {
  readonly id: number;
  readonly description: Wording;
  /** What it stands in, from the top down. */
  readonly above: readonly SectionName[];
  readonly below: readonly SectionName[];
}

/** All sections, each before its subsections; the level of those at the top is 1. */
export interface SectionOutline extends PageRow {
  readonly sections: readonly (SectionName & { readonly id: number; readonly level: number })[];
}

/** Levels of sections, the top one counted. Readers get the tree whole, and PostgreSQL builds it by recursion. */
const MAX_LEVELS = 10;

@Injectable()
export class SectionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: Reader,
    private readonly addresses: Addresses,
    private readonly audit: AuditService,
  ) {}

  /** @returns id and the slug that was free. @throws Problem 422 `slug_invalid` */
  async create(tx: EntityManager, section: NewSection): Promise<{ id: number; slug: string }> {
    const name = cleanWording(section.name);
    return insertWithSlug(tx, 'sections', newSlug(section.slug, wordingIn(name, 'ar'), 'section'), {
      parent_id: section.parentId ?? null,
      position: section.position ?? 0,
      name,
      description: cleanWording(section.description ?? {}),
    });
  }

  /** @returns the id of the section that has this slug, or null */
  async idOf(tx: EntityManager, slug: string): Promise<number | null> {
    const [row] = await tx.query<{ id: number }[]>(`select id from sections where slug_folded = $1`, [foldSlug(slug)]);
    return row?.id ?? null;
  }

  async tree(lang: Lang | undefined): Promise<Published> {
    const row = await this.reader.row<PublishedRow>(sectionTree, [lang]);
    return new Published(row!);
  }

  /** @throws NotFound */
  async find(slug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const row = await this.reader.row<PublishedRow & { slug: string }>(sectionBySlug, [foldSlug(slug), lang]);
    if (row === null) throw new NotFound();
    if (row.slug !== slug) return new Moved(this.addresses.api(['sections', row.slug], { lang }));
    return new Published(row);
  }

  /** @throws NotFound */
  async read(idOrSlug: string): Promise<ReadSection> {
    const row = await this.reader.row<ReadSection>(sectionForPage, idOrFolded(idOrSlug));
    if (row === null) throw new NotFound();
    return row;
  }

  async outline(): Promise<SectionOutline> {
    return (await this.reader.row<SectionOutline>(sectionOutline, []))!;
  }

  /** All sections as the desk has them: those at the top first, then by parent and position. */
  async deskList(): Promise<DeskSection[]> {
    const sections = this.dataSource.getRepository(Section);
    const order = { parentId: { direction: 'ASC', nulls: 'FIRST' }, position: 'ASC', id: 'ASC' } as const;
    return (await sections.find({ order })).map(DeskSection.of);
  }

  /** @throws Problem 404 */
  async deskFind(id: number): Promise<DeskSection> {
    return DeskSection.of(await found(this.dataSource.manager, Section, id));
  }

  /** @throws Problem 422 `slug_invalid`, `unknown_reference`, `section_too_deep` */
  async add(actor: EditorActor, section: NewSection): Promise<DeskSection> {
    return inTransaction(this.dataSource, async (tx) => {
      const { id } = await this.create(tx, section);
      await refuseMisplaced(tx, id, section.parentId ?? null);
      const after = await tx.getRepository(Section).findOneByOrFail({ id }).then(DeskSection.of);
      await this.audit.record(tx, actor, { act: 'sections.create', object: { type: 'section', id }, ...differences(null, after) });
      return after;
    });
  }

  /** Says the section anew: what is left out is as in a new one, except its slug. @throws as {@link change} */
  replace(actor: EditorActor, id: number, section: NewSection & { readonly version: number }): Promise<DeskSection> {
    return this.change(actor, id, { description: {}, parentId: null, position: 0, ...section });
  }

  /**
   * Changes what is given. A new parent moves the section with its subtree, and with them every list that their articles stand in.
   * @throws Problem 404; 409 `stale_version`, `slug_taken`; 422 `slug_invalid`, `unknown_reference`, `section_in_itself`, `section_too_deep`
   */
  async change(actor: EditorActor, id: number, change: Partial<NewSection> & { readonly version: number }): Promise<DeskSection> {
    const { version, slug, name, description, parentId, position } = change;
    return inTransaction(this.dataSource, async (tx) => {
      const before = await held(tx, Section, id);
      const moves = parentId !== undefined && parentId !== before.parentId;
      if (moves) {
        await holdListings(tx);
        await refuseMisplaced(tx, id, parentId);
      }
      const section = await advanced(tx, Section, before, version, { ...changedSlug(before, slug), name, description, parentId, position });
      if (moves) await relistSubtree(tx, id);
      const after = DeskSection.of(section);
      const what = differences(DeskSection.of(before), after);
      await this.audit.record(tx, actor, { act: 'sections.change', object: { type: 'section', id }, ...what });
      return after;
    });
  }
}

/** @throws Problem 422 `section_in_itself`, `section_too_deep` when the section with its subtree cannot stand under the parent */
async function refuseMisplaced(tx: EntityManager, id: number, parentId: number | null): Promise<void> {
  if (parentId === null) return;
  const { inside, levels } = await shapeAround(tx, id, parentId);
  if (inside) throw sectionInItself();
  if (levels > MAX_LEVELS) {
    throw fieldRefused(422, 'section_too_deep', 'parentId', {
      ar: `لا تتداخل الأقسام أكثر من ${MAX_LEVELS} مستويات.`,
      en: `Sections nest at most ${MAX_LEVELS} levels deep.`,
    });
  }
}
