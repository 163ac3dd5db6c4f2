import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Line, Version, WholeWording, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, PageQuery } from '../http/query.js';
import type { Wording } from '../text/wording.js';
import type { Tag } from './tag.entity.js';

export class ListTags extends PageQuery {
  @CursorOf('desk-tags', /./)
  cursor?: Cursor;
}

export class CreateTag {
  @Words({ description: 'Name.', example: { ar: 'النقل العام', en: 'Public transport' }, max: 100 })
  name: Wording;

  @Line({ description: 'Address; left out, it is made from the name.', example: 'النقل-العام', max: 200, optional: true })
  slug?: string;
}

export class ReplaceTag extends CreateTag {
  @Version()
  version: number;
}

export class ChangeTag extends PartialType(CreateTag, { skipNullProperties: false }) {
  @Version()
  version: number;
}

/** A tag as the desk has it. */
export class DeskTag {
  @ApiProperty({ type: 'integer', example: 5 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ example: 'النقل-العام' })
  slug: string;

  @WholeWording({ description: 'Name.', example: { ar: 'النقل العام', en: 'Public transport' } })
  name: Wording;

  static of({ id, version, slug, name }: Tag): DeskTag {
    return { id, version, slug, name };
  }
}

export class DeskTagList {
  @ApiProperty({ type: [DeskTag] })
  items: DeskTag[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}
