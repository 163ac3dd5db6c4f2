import type { EntityManager } from 'typeorm';
import { cursorSql } from '../http/cursor.js';
import type { ListSeries } from './series.dto.js';
import type { Series } from './series.entity.js';
import type { ListTags } from './tag.dto.js';
import type { Tag } from './tag.entity.js';

export interface SlugRow<Row> {
  readonly row: Row;
  readonly cursor: string;
}

/** A page in the order of slugs, one row more than asked for when there are further ones. $1 and $2 slug and id of the cursor, $3 limit */
const bySlug = (table: 'tags' | 'series'): string => `
  select to_json(t) as row, ${cursorSql(`desk-${table}`, 'slug_folded', 'id')} as cursor
  from ${table} t
  where $1::text is null or (slug_folded, id) > ($1::text, $2::int)
  order by slug_folded, id
  limit $3::int + 1`;

const TAGS = bySlug('tags');
const SERIES = bySlug('series');

export function tagPage(tx: EntityManager, { cursor, limit }: ListTags): Promise<SlugRow<Tag>[]> {
  return tx.query(TAGS, [cursor?.key, cursor?.id, limit]);
}

export function seriesPage(tx: EntityManager, { cursor, limit }: ListSeries): Promise<SlugRow<Series>[]> {
  return tx.query(SERIES, [cursor?.key, cursor?.id, limit]);
}
