import { isIP } from 'node:net';
import { ApiProperty } from '@nestjs/swagger';
import { Choice, Id, Instant, Line, Part, field } from '../http/body.js';
import type { BallotFilter, EventRow, GroupRow, VoidRow } from './corrections.queries.js';
import { MIN_AGENTS, MIN_VARIATION } from './quarantine.job.js';

class FilterParts implements BallotFilter {
  @Instant({ description: 'Cast at this moment or later; a whole minute.', example: '2026-01-31T10:00:00Z', optional: true })
  from?: Date;

  @Instant({
    description: 'Cast at this moment or earlier; a whole minute, at least one after `from`.',
    example: '2026-01-31T11:00:00Z',
    optional: true,
  })
  to?: Date;

  @Id({ description: 'Of this group.', example: 3, optional: true })
  groupId?: number;

  @Choice(['counted', 'under_review'], { description: 'Counted, or waiting for review; left out, both.', optional: true })
  status?: 'counted' | 'under_review';
}

class Reason {
  @Line({ description: 'Why, for readers: it stands beside the result.', example: 'صوّت برنامج آلي من جهاز واحد.', max: 500 })
  reason: string;
}

export class VoidBallots extends Reason {
  @Part(() => FilterParts, { description: 'Which ballots: all given parts hold, at least one is given. What was chosen is none of them.' })
  filter: FilterParts;
}

export class RemoveGroup extends Reason {}

export class DeclareEvent {
  @Line({ description: 'What takes place, for the desk.', example: 'قاعة المؤتمر', max: 200 })
  label: string;

  @Instant({ description: 'From then on; a whole minute.', example: '2026-01-31T12:00:00Z' })
  startsAt: Date;

  @Instant({ description: 'Until then; a whole minute, half an hour after the start or later.', example: '2026-01-31T15:00:00Z' })
  endsAt: Date;

  @field(
    'network',
    (value) => typeof value === 'string' && isIP(value) !== 0,
    { type: 'string', maxLength: 45 },
    {
      description: 'An address of the network; left out, the one this request comes from. It is not stored, only a keyed hash of it.',
      example: '198.51.100.7',
      optional: true,
    },
  )
  network?: string;
}

class Editor {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'سلمى المحررة' })
  name: string;
}

class StoredFilter {
  @ApiProperty({ format: 'date-time', nullable: true, type: String })
  from: string | null;

  @ApiProperty({ format: 'date-time', nullable: true, type: String })
  to: string | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 3 })
  groupId: number | null;

  @ApiProperty({ type: String, enum: ['counted', 'under_review'], nullable: true })
  status: 'counted' | 'under_review' | null;
}

/** A batch of ballots that an editor took out of the count. */
export class DeskVoid {
  @ApiProperty({ type: 'integer', example: 5 })
  id: number;

  @ApiProperty({ type: StoredFilter })
  filter: StoredFilter;

  @ApiProperty({ example: 'صوّت برنامج آلي من جهاز واحد.' })
  reason: string;

  @ApiProperty({ type: 'integer', example: 1204 })
  ballots: number;

  @ApiProperty({ type: Editor, nullable: true })
  createdBy: Editor | null;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ type: Editor, nullable: true })
  restoredBy: Editor | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Since when its ballots are what they were before.' })
  restoredAt: string | null;

  static of({ id, filter, reason, ballots, createdBy, createdAt, restoredBy, restoredAt }: VoidRow): DeskVoid {
    const { from = null, to = null, groupId = null, status = null } = filter;
    return {
      id,
      filter: { from, to, groupId, status },
      reason,
      ballots,
      createdBy,
      createdAt: createdAt.toISOString(),
      restoredBy,
      restoredAt: restoredAt?.toISOString() ?? null,
    };
  }
}

export class DeskVoidList {
  @ApiProperty({ type: [DeskVoid], description: 'All of them, the newest first.' })
  items: DeskVoid[];
}

class GroupBallots {
  @ApiProperty({ type: 'integer', example: 151 })
  counted: number;

  @ApiProperty({ type: 'integer', example: 0 })
  underReview: number;

  @ApiProperty({ type: 'integer', example: 0 })
  removed: number;
}

class GroupEvidence {
  @ApiProperty({ type: 'integer', example: 151, description: 'Ballots that were looked at.' })
  ballots: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 71,
    description: 'Different browsers among 100 successive ballots, where they were fewest. People: 20 and more.',
  })
  agentsPerHundred: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.94,
    description: 'Coefficient of variation of the time between 100 successive ballots, where it was least. People: 0.6 and more.',
  })
  variation: number | null;

  @ApiProperty({
    format: 'date-time',
    required: false,
    description: 'Of its first ballot; left out once the poll has forgotten its readers.',
  })
  firstAt?: string;

  @ApiProperty({ format: 'date-time', required: false, description: 'Of its last ballot; likewise.' })
  lastAt?: string;
}

const SIGNS = ['browsers', 'intervals', 'choices', 'no_work'] as const;
type Sign = (typeof SIGNS)[number];

/** Ballots that came from one place, or without work, and wait for a decision or had one. */
export class DeskReview {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @ApiProperty({
    enum: ['network', 'vicinity', 'no_work'],
    example: 'network',
    description: 'One address or /64; a /24 or /48; votes that came without work.',
  })
  kind: string;

  @ApiProperty({ enum: ['held', 'released', 'removed'], example: 'held', description: 'While it is held, later ballots of it join it.' })
  state: string;

  @ApiProperty({ format: 'date-time' })
  heldAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decidedAt: string | null;

  @ApiProperty({ type: Editor, nullable: true, description: 'Null also where it was released by itself, because it looks like people.' })
  decidedBy: Editor | null;

  @ApiProperty({ type: GroupBallots })
  ballots: GroupBallots;

  @ApiProperty({ type: GroupEvidence, nullable: true })
  evidence: GroupEvidence | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.62,
    description: 'Share of the group’s ballots that chose the same; on what is not said.',
  })
  topShare: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.41, description: 'The same of all other ballots of the poll.' })
  topShareElsewhere: number | null;

  @ApiProperty({ enum: SIGNS, isArray: true, example: ['browsers', 'intervals'], description: 'What looks like people.' })
  speaksFor: Sign[];

  @ApiProperty({ enum: SIGNS, isArray: true, example: [], description: 'What looks like a program.' })
  speaksAgainst: Sign[];

  static of(group: GroupRow): DeskReview {
    const { id, kind, state, heldAt, decidedAt, decidedBy, counted, underReview, removed, evidence, topShare, topShareElsewhere } = group;
    const signs = signsOf(group);
    return {
      id,
      kind,
      state,
      heldAt: heldAt.toISOString(),
      decidedAt: decidedAt?.toISOString() ?? null,
      decidedBy,
      ballots: { counted, underReview, removed },
      evidence,
      topShare,
      topShareElsewhere,
      speaksFor: SIGNS.filter((sign) => signs[sign] === true),
      speaksAgainst: SIGNS.filter((sign) => signs[sign] === false),
    };
  }
}

/** True speaks for people, false against; null says nothing. */
function signsOf({ kind, evidence, topShare, topShareElsewhere }: GroupRow): Record<Sign, boolean | null> {
  const atLeast = (limit: number, value: number | null | undefined): boolean | null => (value == null ? null : value >= limit);
  return {
    browsers: atLeast(MIN_AGENTS, evidence?.agentsPerHundred),
    intervals: atLeast(MIN_VARIATION, evidence?.variation),
    // People of one place may well agree more than others do, but hardly on one thing altogether.
    choices: topShare === null || topShareElsewhere === null ? null : topShare < 0.95 || topShareElsewhere > 0.8,
    no_work: kind === 'no_work' ? false : null,
  };
}

export class DeskReviewList {
  @ApiProperty({ type: [DeskReview], description: 'All of them: those that are held first, then the newest.' })
  items: DeskReview[];
}

/** Of fewer it would say whether a certain person has voted. */
const FEWEST_SHOWN = 20;

/** A gathering whose ballots come from one network and are not held for that. */
export class DeskEvent {
  @ApiProperty({ type: 'integer', example: 4 })
  id: number;

  @ApiProperty({ example: 'قاعة المؤتمر' })
  label: string;

  @ApiProperty({ format: 'date-time' })
  startsAt: string;

  @ApiProperty({ format: 'date-time' })
  endsAt: string;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 212,
    description: `Ballots that came from there in that time; null where there are fewer than ${FEWEST_SHOWN}.`,
  })
  ballots: number | null;

  @ApiProperty({ type: Editor, nullable: true })
  createdBy: Editor | null;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  static of({ id, label, startsAt, endsAt, ballots, createdBy, createdAt }: EventRow): DeskEvent {
    return {
      id,
      label,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      ballots: ballots < FEWEST_SHOWN ? null : ballots,
      createdBy,
      createdAt: createdAt.toISOString(),
    };
  }
}

export class DeskEventList {
  @ApiProperty({ type: [DeskEvent], description: 'All of them, in their order of time.' })
  items: DeskEvent[];
}
