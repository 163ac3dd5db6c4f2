import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { slugify } from '../text/slug.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';

/** Tags and series: what gathers articles across sections. */
@Injectable()
export class TagsService {
  async createTag(tx: EntityManager, tag: { readonly name: Wording; readonly slug?: string }): Promise<{ id: number; slug: string }> {
    const name = cleanWording(tag.name);
    return insertWithSlug(tx, 'tags', slugify(tag.slug ?? wordingIn(name, 'ar'), 'tag'), { name });
  }

  async createSeries(
    tx: EntityManager,
    series: { readonly name: Wording; readonly slug?: string; readonly description?: Wording },
  ): Promise<{ id: number; slug: string }> {
    const name = cleanWording(series.name);
    return insertWithSlug(tx, 'series', slugify(series.slug ?? wordingIn(name, 'ar'), 'series'), {
      name,
      description: cleanWording(series.description ?? {}),
    });
  }
}
