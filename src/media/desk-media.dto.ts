import { ApiProperty } from '@nestjs/swagger';
import { Fraction, Part, Version, WholeWording, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, OneOf, PageQuery, Search } from '../http/query.js';
import type { Wording } from '../text/wording.js';
import { MEDIA_KINDS, type MediaKind } from './media.entity.js';

/** States in which the desk sees it. */
const DESK_STATES = ['due', 'ready', 'failed'] as const;

export class ListDeskMedia extends PageQuery {
  @CursorOf('desk media', /^\d{1,10}$/)
  cursor?: Cursor;

  @OneOf(MEDIA_KINDS, { description: 'Pictures or documents only.' })
  kind?: MediaKind;

  @OneOf(['true'], { description: 'Only what you uploaded yourself.' })
  mine?: 'true';

  @Search({ description: 'Part of the file name, the alternative text or the credit.' })
  q?: string;
}

class FocalPointFields {
  @Fraction({ description: 'From the left.', example: 0.5 })
  x: number;

  @Fraction({ description: 'From the top.', example: 0.3 })
  y: number;
}

/** What an editor says of a picture or a document. */
export class ChangeMedia {
  @Words({
    description: 'What it shows, for those who cannot see it.',
    example: { ar: 'محطة حافلات فارغة' },
    max: 1_000,
    empty: true,
    optional: true,
  })
  alt?: Wording;

  @Words({ description: 'Whose work it is, as printed.', example: { ar: 'تصوير: سلمى' }, max: 300, empty: true, optional: true })
  credit?: Wording;

  @Part(() => FocalPointFields, { description: 'What a crop must keep.', optional: true })
  focalPoint?: FocalPointFields;

  @Version()
  version: number;
}

class FocalPointView {
  @ApiProperty({ type: 'number', example: 0.5, description: '0 to 1, from the left.' })
  x: number;

  @ApiProperty({ type: 'number', example: 0.3, description: '0 to 1, from the top.' })
  y: number;
}

class DeskRendition {
  @ApiProperty({ example: '640.webp', description: 'The last part of its address.' })
  name: string;

  @ApiProperty({
    format: 'uri',
    example: 'https://center.example/api/v1/desk/media/7/files/640.webp',
    description: 'Where the desk gets it, public or not.',
  })
  url: string;

  @ApiProperty({ example: 'image/webp' })
  type: string;

  @ApiProperty({ type: 'integer', example: 640 })
  width: number;

  @ApiProperty({ type: 'integer', example: 427 })
  height: number;

  @ApiProperty({ type: 'integer', example: 62_088 })
  bytes: number;
}

class MediaCreator {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'سلمى المحررة' })
  name: string;
}

class UsingArticle {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;

  @ApiProperty({ example: 'لماذا تتأخر الحافلات؟' })
  title: string;
}

class UsingAuthor {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @WholeWording({ description: 'Name as displayed.', example: { ar: 'ليلى عبد الله' } })
  name: Wording;
}

class UsingAd {
  @ApiProperty({ type: 'integer', example: 5 })
  id: number;

  @ApiProperty({ example: 'دار الكتب' })
  advertiser: string;
}

class MediaUses {
  @ApiProperty({ type: [UsingArticle], description: 'Articles that you may see, one of whose revisions shows it.' })
  articles: UsingArticle[];

  @ApiProperty({ type: [UsingAuthor], description: 'Authors that you may see, whose portrait it is.' })
  authors: UsingAuthor[];

  @ApiProperty({ type: [UsingAd], description: 'Ads that you may see, whose picture it is.' })
  ads: UsingAd[];

  @ApiProperty({ type: 'integer', example: 0, description: 'How many more articles there are, which you may not see.' })
  hidden: number;
}

/** A picture or a document in a list. */
export class DeskMediaCard {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ enum: MEDIA_KINDS, example: 'picture' })
  kind: MediaKind;

  @ApiProperty({ enum: DESK_STATES, example: 'ready', description: '`due` until its renditions are made.' })
  state: (typeof DESK_STATES)[number];

  @ApiProperty({ example: 'station.jpg', description: 'As it was called where it came from.' })
  fileName: string;

  @ApiProperty({ type: 'integer', nullable: true, example: 2_400, description: 'Pixels; null for documents.' })
  width: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 1_600 })
  height: number | null;

  @WholeWording({ description: 'What it shows.', example: { ar: 'محطة حافلات فارغة' } })
  alt: Wording;

  @WholeWording({ description: 'Whose work it is.', example: { ar: 'تصوير: سلمى' } })
  credit: Wording;

  @ApiProperty()
  focalPoint: FocalPointView;

  @ApiProperty({ type: [DeskRendition], description: 'Empty for documents, and until they are made.' })
  renditions: DeskRendition[];

  @ApiProperty({ type: 'integer', example: 812_004, description: 'Of the file that is kept.' })
  bytes: number;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Why no renditions could be made.' })
  failure: string | null;

  @ApiProperty({ type: MediaCreator, nullable: true })
  createdBy: MediaCreator | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  createdAt: string;
}

/** A picture or a document as the desk has it. */
export class DeskMedia extends DeskMediaCard {
  @ApiProperty()
  usedBy: MediaUses;
}

export class DeskMediaList {
  @ApiProperty({ type: [DeskMediaCard] })
  items: DeskMediaCard[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}
