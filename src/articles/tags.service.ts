import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { EditorActor } from '../access/access.js';
import { AuditService } from '../audit/audit.service.js';
import { differences } from '../audit/differences.js';
import { insertWithSlug } from '../database/insert-with-slug.js';
import { inTransaction } from '../database/transaction.js';
import { newSlug } from '../http/refusals.js';
import { advanced, changedSlug, found, held } from '../http/versioned.js';
import { cleanWording, wordingIn, type Wording } from '../text/wording.js';
import { DeskSeries, type DeskSeriesList, type ListSeries } from './series.dto.js';
import { Series } from './series.entity.js';
import { DeskTag, type DeskTagList, type ListTags } from './tag.dto.js';
import { Tag } from './tag.entity.js';
import { seriesPage, tagPage, type SlugRow } from './tags.queries.js';

interface NewTag {
  readonly name: Wording;
  readonly slug?: string;
}

interface NewSeries extends NewTag {
  readonly description?: Wording;
}

type Changed<New> = Partial<New> & { readonly version: number };

/** Tags and series: what gathers articles across sections. */
@Injectable()
export class TagsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** @returns id and the slug that was free. @throws Problem 422 `slug_invalid` */
  async createTag(tx: EntityManager, tag: NewTag): Promise<{ id: number; slug: string }> {
    const name = cleanWording(tag.name);
    return insertWithSlug(tx, 'tags', newSlug(tag.slug, wordingIn(name, 'ar'), 'tag'), { name });
  }

  /** @returns id and the slug that was free. @throws Problem 422 `slug_invalid` */
  async createSeries(tx: EntityManager, series: NewSeries): Promise<{ id: number; slug: string }> {
    const name = cleanWording(series.name);
    return insertWithSlug(tx, 'series', newSlug(series.slug, wordingIn(name, 'ar'), 'series'), {
      name,
      description: cleanWording(series.description ?? {}),
    });
  }

  async listTags(query: ListTags): Promise<DeskTagList> {
    return pageOf(await tagPage(this.dataSource.manager, query), query.limit, DeskTag.of);
  }

  async listSeries(query: ListSeries): Promise<DeskSeriesList> {
    return pageOf(await seriesPage(this.dataSource.manager, query), query.limit, DeskSeries.of);
  }

  /** @throws Problem 404 */
  async findTag(id: number): Promise<DeskTag> {
    return DeskTag.of(await found(this.dataSource.manager, Tag, id));
  }

  /** @throws Problem 404 */
  async findSeries(id: number): Promise<DeskSeries> {
    return DeskSeries.of(await found(this.dataSource.manager, Series, id));
  }

  /** @throws Problem 422 `slug_invalid` */
  async addTag(actor: EditorActor, tag: NewTag): Promise<DeskTag> {
    return inTransaction(this.dataSource, async (tx) => {
      const { id } = await this.createTag(tx, tag);
      const after = DeskTag.of(await found(tx, Tag, id));
      await this.audit.record(tx, actor, { act: 'tags.create', object: { type: 'tag', id }, ...differences(null, after) });
      return after;
    });
  }

  /** @throws Problem 422 `slug_invalid` */
  async addSeries(actor: EditorActor, series: NewSeries): Promise<DeskSeries> {
    return inTransaction(this.dataSource, async (tx) => {
      const { id } = await this.createSeries(tx, series);
      const after = DeskSeries.of(await found(tx, Series, id));
      await this.audit.record(tx, actor, { act: 'series.create', object: { type: 'series', id }, ...differences(null, after) });
      return after;
    });
  }

  /** Changes what is given. @throws Problem 404; 409 `stale_version`, `slug_taken`; 422 `slug_invalid` */
  async changeTag(actor: EditorActor, id: number, { version, slug, name }: Changed<NewTag>): Promise<DeskTag> {
    return inTransaction(this.dataSource, async (tx) => {
      const before = await held(tx, Tag, id);
      const after = DeskTag.of(await advanced(tx, Tag, before, version, { ...changedSlug(before, slug), name }));
      const what = differences(DeskTag.of(before), after);
      await this.audit.record(tx, actor, { act: 'tags.change', object: { type: 'tag', id }, ...what });
      return after;
    });
  }

  /** Says the series anew: what is left out is as in a new one, except its slug. @throws as {@link changeSeries} */
  replaceSeries(actor: EditorActor, id: number, series: NewSeries & { readonly version: number }): Promise<DeskSeries> {
    return this.changeSeries(actor, id, { description: {}, ...series });
  }

  /** Changes what is given. @throws Problem 404; 409 `stale_version`, `slug_taken`; 422 `slug_invalid` */
  async changeSeries(actor: EditorActor, id: number, { version, slug, name, description }: Changed<NewSeries>): Promise<DeskSeries> {
    return inTransaction(this.dataSource, async (tx) => {
      const before = await held(tx, Series, id);
      const columns = { ...changedSlug(before, slug), name, description };
      const after = DeskSeries.of(await advanced(tx, Series, before, version, columns));
      const what = differences(DeskSeries.of(before), after);
      await this.audit.record(tx, actor, { act: 'series.change', object: { type: 'series', id }, ...what });
      return after;
    });
  }
}

function pageOf<Row, View>(
  rows: readonly SlugRow<Row>[],
  limit: number,
  view: (row: Row) => View,
): { items: View[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  return { items: page.map(({ row }) => view(row)), nextCursor: rows.length > limit ? page.at(-1)!.cursor : null };
}
