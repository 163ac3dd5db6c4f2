import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Choice, Id, Ids, Instant, Line, Version, Whole, WholeWording, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, OneOf, PageQuery } from '../http/query.js';
import type { Wording } from '../text/wording.js';
import { SLOTS, type Slot } from './ad.entity.js';

const AD_STATES = ['waiting', 'running', 'ended'] as const;
type AdState = (typeof AD_STATES)[number];

export class ListDeskAds extends PageQuery {
  @CursorOf('desk ads', /^\d{1,10}$/)
  cursor?: Cursor;

  @OneOf(SLOTS, { description: 'Only ads of this place.' })
  slot?: Slot;

  @OneOf(AD_STATES, { description: 'Only ads that wait for their hour, that run, or that have ended.' })
  state?: AdState;
}

export class CreateAd {
  @Choice(SLOTS, { description: 'The place where it stands.', example: 'article_end' })
  slot: Slot;

  @Words({
    description: 'What it says; for an ad without picture.',
    example: { ar: 'كتب جديدة في معرض الخريف' },
    max: 200,
    optional: true,
    nullable: true,
  })
  text?: Wording | null;

  @Id({
    description: 'A picture, whose renditions are made; for an ad without text. What it shows is said where the picture is.',
    example: null,
    optional: true,
    nullable: true,
  })
  pictureId?: number | null;

  @Line({ description: 'Where it leads: an address that starts with https.', example: 'https://books.example/autumn', max: 2_000 })
  link: string;

  @Ids({
    description: 'Sections on whose pages it stands, and on those of their subsections; none: on every page.',
    example: [],
    max: 100,
    optional: true,
  })
  sectionIds?: number[];

  @Instant({ description: 'From when on it runs; a moment that has passed is at once.', example: '2026-12-01T08:00:00Z' })
  startsAt: Date;

  @Instant({ description: 'When it ends; none: when somebody ends it.', example: '2026-12-31T20:00:00Z', optional: true, nullable: true })
  endsAt?: Date | null;

  @Whole({
    description: 'Its share of the time, beside the weights of other ads for the same place; left out, 10.',
    example: 10,
    min: 1,
    max: 100,
    optional: true,
  })
  weight?: number;

  @Line({ description: 'Whose it is; for the desk only.', example: 'دار الكتب', max: 200 })
  advertiser: string;
}

export class ReplaceAd extends CreateAd {
  @Version()
  version: number;
}

export class ChangeAd extends PartialType(CreateAd, { skipNullProperties: false }) {
  @Version()
  version: number;
}

/** An ad in a list. */
export class DeskAdCard {
  @ApiProperty({ type: 'integer', example: 5 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ enum: AD_STATES, example: 'running' })
  state: AdState;

  @ApiProperty({ enum: SLOTS, example: 'article_end' })
  slot: Slot;

  @WholeWording({ description: 'What it says; null where it is a picture.', example: { ar: 'كتب جديدة في معرض الخريف' }, nullable: true })
  text: Wording | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'Null where it is a text.' })
  pictureId: number | null;

  @ApiProperty({ format: 'uri', example: 'https://books.example/autumn' })
  link: string;

  @ApiProperty({ type: 'integer', isArray: true, example: [], description: 'Empty: on every page.' })
  sectionIds: number[];

  @ApiProperty({ format: 'date-time', example: '2026-12-01T08:00:00Z' })
  startsAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-12-31T20:00:00Z' })
  endsAt: string | null;

  @ApiProperty({ type: 'integer', example: 10 })
  weight: number;

  @ApiProperty({ example: 'دار الكتب' })
  advertiser: string;

  @ApiProperty({ type: 'integer', example: 4_180, description: 'By readers, each at most once in 30 minutes, until some seconds ago.' })
  views: number;

  @ApiProperty({ type: 'integer', example: 37 })
  clicks: number;
}

class AdDay {
  @ApiProperty({ format: 'date', example: '2026-12-01', description: 'In the center’s zone.' })
  day: string;

  @ApiProperty({ type: 'integer', example: 310 })
  views: number;

  @ApiProperty({ type: 'integer', example: 4 })
  clicks: number;
}

/** An ad as the desk has it. */
export class DeskAd extends DeskAdCard {
  @ApiProperty({ type: [AdDay], description: 'Days on which it was seen or followed, the first first.' })
  days: AdDay[];
}

export class DeskAdList {
  @ApiProperty({ type: [DeskAdCard] })
  items: DeskAdCard[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}
