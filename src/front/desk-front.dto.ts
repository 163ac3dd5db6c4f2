import { ApiProperty, PartialType } from '@nestjs/swagger';
import { ArticleCard } from '../articles/article-card.js';
import { Choice, Id, Ids, Instant, Parts, Version, Whole, WholeWording, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, DayOrInstant, LangQuery, OneOf, PageQuery } from '../http/query.js';
import type { Wording } from '../text/wording.js';
import type { ReadFront } from './front.service.js';
import { BLOCK_KINDS, type BlockKind } from './front.entity.js';

const FRONT_STATES = ['waiting', 'in_force', 'replaced', 'ended'] as const;
type FrontState = (typeof FRONT_STATES)[number];

export class ListDeskFronts extends PageQuery {
  @CursorOf('desk fronts', /^\d{1,10}$/)
  cursor?: Cursor;

  @OneOf(FRONT_STATES, { description: 'Only those that wait for their hour, the one in force, those it has replaced, or those ended.' })
  state?: FrontState;
}

export class PreviewFront extends LangQuery {
  @DayOrInstant({ description: 'The moment, or the beginning of a day in the center’s zone; left out, now.' })
  at?: string;
}

/** A block, with what its kind takes. */
export class SetBlock {
  @Choice(BLOCK_KINDS, {
    description: '`newest`: of all; `section`, `series`: the newest of one; `pieces`: those picked by hand.',
    example: 'section',
  })
  kind: BlockKind;

  @Words({
    description: 'Over pieces picked by hand; none: the page’s own word.',
    example: null,
    max: 100,
    optional: true,
    nullable: true,
  })
  title?: Wording | null;

  @Id({ description: 'For `section`.', example: 4, optional: true, nullable: true })
  sectionId?: number | null;

  @Id({ description: 'For `series`.', example: null, optional: true, nullable: true })
  seriesId?: number | null;

  @Ids({ description: 'For `pieces`, in their order.', example: null, min: 1, max: 12, optional: true, nullable: true })
  articleIds?: number[] | null;

  @Whole({ description: 'How many it shows; for all but `pieces`.', example: 4, min: 1, max: 12, optional: true, nullable: true })
  count?: number | null;
}

export class CreateFront {
  @Instant({ description: 'From when on it is in force; left out, now.', example: '2026-12-01T05:00:00Z', optional: true })
  startsAt?: Date;

  @Instant({
    description: 'When it ends, and the one before is in force again; none: when the next begins.',
    example: '2026-12-06T21:00:00Z',
    optional: true,
    nullable: true,
  })
  endsAt?: Date | null;

  @Id({
    description: 'The article that leads, from when it is public on and while it is not retracted; else, and for none, the newest.',
    example: 12,
    optional: true,
    nullable: true,
  })
  leadId?: number | null;

  @Parts(() => SetBlock, {
    description: 'What stands below the lead, in its order; none: the newest and some of each section at the top.',
    max: 12,
    optional: true,
  })
  blocks?: SetBlock[];
}

export class ReplaceFront extends CreateFront {
  @Version()
  version: number;
}

export class ChangeFront extends PartialType(CreateFront, { skipNullProperties: false }) {
  @Version()
  version: number;
}

class FrontBlock {
  @ApiProperty({ enum: BLOCK_KINDS, example: 'section' })
  kind: BlockKind;

  @WholeWording({ description: 'Over pieces picked by hand.', example: null, nullable: true })
  title: Wording | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 4, description: 'Of `section`.' })
  sectionId: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'Of `series`.' })
  seriesId: number | null;

  @ApiProperty({
    type: 'integer',
    isArray: true,
    nullable: true,
    example: null,
    description: 'Of `pieces`: public or not; readers see those that are.',
  })
  articleIds: number[] | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 4, description: 'Null for `pieces`.' })
  count: number | null;
}

/** An arrangement of the front page as the desk has it. */
export class DeskFront {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({
    enum: FRONT_STATES,
    example: 'in_force',
    description: '`replaced`: another has begun since; it is in force again once that one ends.',
  })
  state: FrontState;

  @ApiProperty({ format: 'date-time', example: '2026-12-01T05:00:00Z' })
  startsAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-12-06T21:00:00Z' })
  endsAt: string | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 12 })
  leadId: number | null;

  @ApiProperty({ type: [FrontBlock] })
  blocks: FrontBlock[];
}

export class DeskFrontList {
  @ApiProperty({ type: [DeskFront] })
  items: DeskFront[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}

class ShownBlock {
  @ApiProperty({ enum: BLOCK_KINDS, example: 'section' })
  kind: BlockKind;

  @WholeWording({ description: 'Its title; null for the page’s own word.', example: { ar: 'دراسات المدن' }, nullable: true })
  title: Wording | null;

  @ApiProperty({ type: [ArticleCard] })
  items: ArticleCard[];
}

/** The front page of a moment, made of the pieces that are public now. */
export class FrontPreview {
  @ApiProperty({ type: 'integer', nullable: true, example: 3, description: 'The arrangement that is in force then; null for none.' })
  frontId: number | null;

  @ApiProperty({ type: ArticleCard, nullable: true })
  lead: ArticleCard | null;

  @ApiProperty({ type: [ShownBlock] })
  blocks: ShownBlock[];

  static of(frontId: number | null, { lead, blocks, cards }: ReadFront): FrontPreview {
    return {
      frontId,
      lead: lead === null ? null : (cards.get(lead) ?? null),
      blocks: blocks.map(({ kind, name, ids }) => ({ kind, title: name, items: ids.flatMap((id) => cards.get(id) ?? []) })),
    };
  }
}
