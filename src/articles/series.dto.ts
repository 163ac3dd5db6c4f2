import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Line, Version, WholeWording, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, PageQuery } from '../http/query.js';
import type { Wording } from '../text/wording.js';
import type { Series } from './series.entity.js';

export class ListSeries extends PageQuery {
  @CursorOf('desk-series', /./)
  cursor?: Cursor;
}

export class CreateSeries {
  @Words({ description: 'Name.', example: { ar: 'مدن المستقبل', en: 'Cities to come' }, max: 200 })
  name: Wording;

  @Words({ description: 'What it is about.', example: { ar: 'ملف عن النقل والسكن.' }, max: 1_000, empty: true, optional: true })
  description?: Wording;

  @Line({ description: 'Address; left out, it is made from the name.', example: 'مدن-المستقبل', max: 200, optional: true })
  slug?: string;
}

export class ReplaceSeries extends CreateSeries {
  @Version()
  version: number;
}

export class ChangeSeries extends PartialType(CreateSeries, { skipNullProperties: false }) {
  @Version()
  version: number;
}

/** A series as the desk has it. */
export class DeskSeries {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ example: 'مدن-المستقبل' })
  slug: string;

  @WholeWording({ description: 'Name.', example: { ar: 'مدن المستقبل', en: 'Cities to come' } })
  name: Wording;

  @WholeWording({ description: 'What it is about.', example: { ar: 'ملف عن النقل والسكن.' } })
  description: Wording;

  static of({ id, version, slug, name, description }: Series): DeskSeries {
    return { id, version, slug, name, description };
  }
}

export class DeskSeriesList {
  @ApiProperty({ type: [DeskSeries] })
  items: DeskSeries[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}
