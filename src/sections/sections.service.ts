import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound } from '../http/problem.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { foldSlug, slugify } from '../text/slug.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';
import { sectionBySlug, sectionTree } from './sections.queries.js';

export interface NewSection {
  readonly name: Wording;
  readonly slug?: string;
  readonly description?: Wording;
  readonly parentId?: number;
  readonly position?: number;
}

@Injectable()
export class SectionsService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
  ) {}

  /** @returns id and the slug that was free */
  async create(tx: EntityManager, section: NewSection): Promise<{ id: number; slug: string }> {
    const name = cleanWording(section.name);
    return insertWithSlug(tx, 'sections', slugify(section.slug ?? wordingIn(name, 'ar'), 'section'), {
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
}
