import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Choice, Flag, Id, Instant, Part, Version, Whole, WholeWording, Wordings, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, OneOf, PageQuery } from '../http/query.js';
import type { Wording } from '../text/wording.js';
import { LEVELS, POLL_STATES, RESULTS_RULES, type Level, type PollState, type ResultsRule } from './poll.entity.js';

class PlaceOfPoll {
  @Flag({ optional: true, description: 'On the site as a whole.', example: true })
  site?: boolean;

  @Id({ optional: true, nullable: true, description: 'A section.', example: 4 })
  sectionId?: number | null;

  @Id({ optional: true, nullable: true, description: 'A series.', example: null })
  seriesId?: number | null;

  @Id({ optional: true, nullable: true, description: 'An article, on whose page it stands.', example: null })
  articleId?: number | null;
}

/** A new poll. */
export class DraftPoll {
  @Words({
    max: 500,
    description: 'What is asked.',
    example: { ar: 'ما الذي يقنعك بركوب الحافلة؟', en: 'What would make you take the bus?' },
  })
  question: Wording;

  @Words({ max: 2_000, paragraphs: true, empty: true, optional: true, description: 'What readers should know first.', example: {} })
  intro?: Wording;

  @Wordings({
    max: 20,
    length: 300,
    optional: true,
    description: 'The answers, in their order; opening asks for two at least.',
    example: [
      { ar: 'التواتر', en: 'More buses' },
      { ar: 'الظل', en: 'Shade at the stop' },
    ],
  })
  options?: Wording[];

  @Whole({
    min: 0,
    max: 4,
    optional: true,
    description:
      'What a vote asks of a reader: 0 the ballot cookie, 1 (left out) work besides, 3 an e-mail besides. 2 and 4 are not available.',
    example: 1,
  })
  level?: number;

  @Whole({ min: 1, max: 20, optional: true, description: 'Options a ballot may choose, at most; left out, one.', example: 1 })
  maxChoices?: number;

  @Instant({
    optional: true,
    nullable: true,
    description:
      'When it opens; none, or a past one: with the act of opening, or at once where it waits. Once it has opened, null leaves it as it is.',
    example: null,
  })
  opensAt?: Date | null;

  @Instant({ optional: true, nullable: true, description: 'When it closes by itself; none: by the act.', example: '2027-01-31T22:00:00Z' })
  closesAt?: Date | null;

  @Choice(RESULTS_RULES, { optional: true, description: 'Who may see the count, and when; left out, after_vote.', example: 'after_vote' })
  results?: ResultsRule;

  @Part(() => PlaceOfPoll, { optional: true, description: 'Where it stands: any of these, or none.' })
  place?: PlaceOfPoll;
}

/** The whole poll again; what is left out takes the value it has at creation. */
export class PutPoll extends DraftPoll {
  @Version()
  version: number;
}

/** Any part of a poll; options and place are replaced whole. */
export class PatchPoll extends PartialType(DraftPoll, { skipNullProperties: false }) {
  @Version()
  version: number;
}

export class ActOnPoll {
  @Version()
  version: number;
}

export class ListDeskPolls extends PageQuery {
  @CursorOf('desk polls', /^\d{1,10}$/)
  cursor?: Cursor;

  @OneOf(POLL_STATES, { description: 'Where it stands.' })
  state?: PollState;
}

class DeskPollOption {
  @ApiProperty({ type: 'integer', example: 31 })
  id: number;

  @WholeWording({ description: 'The answer.', example: { ar: 'التواتر', en: 'More buses' } })
  label: Wording;
}

class DeskPollPlace {
  @ApiProperty({ example: true })
  site: boolean;

  @ApiProperty({ type: 'integer', nullable: true, example: 4 })
  sectionId: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  seriesId: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  articleId: number | null;
}

class BallotCounts {
  @ApiProperty({ type: 'integer', example: 1_204 })
  counted: number;

  @ApiProperty({ type: 'integer', example: 0 })
  underReview: number;

  @ApiProperty({ type: 'integer', example: 0, description: 'Whose address is not confirmed.' })
  awaiting: number;

  @ApiProperty({ type: 'integer', example: 0 })
  removed: number;
}

class PollEditor {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'ليلى عبد الله' })
  name: string;
}

/** A poll as the desk has it. How many chose what is told with its results only. */
export class DeskPoll {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;

  @ApiProperty({ type: 'integer', example: 3 })
  version: number;

  @ApiProperty({ enum: POLL_STATES, example: 'open' })
  state: PollState;

  @WholeWording({ description: 'What is asked.', example: { ar: 'ما الذي يقنعك بركوب الحافلة؟' } })
  question: Wording;

  @WholeWording({ description: 'What readers should know first.', example: {} })
  intro: Wording;

  @ApiProperty({ type: [DeskPollOption], description: 'In their order.' })
  options: DeskPollOption[];

  @ApiProperty({ type: 'integer', enum: LEVELS, example: 1 })
  level: Level;

  @ApiProperty({ type: 'integer', example: 1 })
  maxChoices: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-12-01T08:00:00Z' })
  opensAt: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  closesAt: string | null;

  @ApiProperty({ enum: RESULTS_RULES, example: 'after_vote' })
  results: ResultsRule;

  @ApiProperty({ type: DeskPollPlace })
  place: DeskPollPlace;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'The poll whose mistake this one mends.' })
  supersedes: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'The poll that mends this one, public or not.' })
  supersededBy: number | null;

  @ApiProperty({ example: true, description: 'Readers have voted: question, intro, options and rules stay as they are.' })
  locked: boolean;

  @ApiProperty({ type: BallotCounts })
  ballots: BallotCounts;

  @ApiProperty({ type: PollEditor, nullable: true, description: 'Null for what was imported.' })
  createdBy: PollEditor | null;

  @ApiProperty({ type: PollEditor, nullable: true, description: 'Null where Markaz did it, as when a poll closes by itself.' })
  editedBy: PollEditor | null;

  @ApiProperty({ format: 'date-time', example: '2026-12-01T08:00:00Z' })
  editedAt: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-30T10:00:00Z' })
  createdAt: string;
}

export class DeskPollList {
  @ApiProperty({ type: [DeskPoll] })
  items: DeskPoll[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
