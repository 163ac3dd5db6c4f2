import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { INSTANT_KEY, type Cursor } from '../http/cursor.js';
import { CursorOf, Form, LangQuery, OneOf, PageQuery } from '../http/query.js';
import { detectLang, dirOf, LANGS, type Dir, type Lang } from '../text/language.js';
import { phraseIn } from '../text/wording.js';
import { RECEIPT } from './ballot-keys.js';
import { methodNote } from './method-note.js';
import { LEVELS, POLL_STATES, RESULTS_RULES, type Level, type PollState, type ResultsRule } from './poll.entity.js';
import type { PublicPoll } from './polls.queries.js';
import type { Tally } from './tallies.service.js';
import { VOTE_STATUSES, type VoteStatus } from './vote.dto.js';

const PUBLIC_STATES = ['open', 'closed', 'archived'] as const;
type PublicState = (typeof PUBLIC_STATES)[number];

export class ListPolls extends PageQuery {
  @OneOf(PUBLIC_STATES, { description: 'Only polls in this state; left out, those that are open or closed.' })
  state?: PublicState;

  @CursorOf('polls', INSTANT_KEY)
  cursor?: Cursor;
}

export class ShowResults extends LangQuery {
  @Form('receipt', RECEIPT, { description: 'Of a vote in this poll: shows its reader what is shown after the vote.' })
  receipt?: string;
}

/** In which languages an answer is written: the asked one, and the center's. */
export interface Languages {
  readonly asked: Lang;
  readonly home: Lang;
}

/** An option as readers see it. */
class OptionText {
  @ApiProperty({ type: 'integer', example: 11 })
  id: number;

  @ApiProperty({ example: 'نعم' })
  label: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: Dir;
}

class PollOptionView extends OptionText {
  @ApiPropertyOptional({ type: 'integer', example: 120, description: 'Where `results` is always: counted ballots that chose it.' })
  ballots?: number;

  @ApiPropertyOptional({ example: 0.4816, description: 'Where `results` is always: of all counted ballots.' })
  share?: number;
}

class PollPlaces {
  @ApiProperty({ example: false, description: 'Beside everything.' })
  site: boolean;

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  sectionId: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  seriesId: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 12 })
  articleId: number | null;
}

class PollLink {
  @ApiProperty({ type: 'integer', example: 8 })
  id: number;

  @ApiProperty({ format: 'uri', example: 'https://center.example/polls/8' })
  url: string;
}

/** A poll as readers get it. `lang` and `dir` are the question's; what is missing in the asked language stands in another, and says so. */
export class PollView {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;

  @ApiProperty({ format: 'uri', example: 'https://center.example/polls/7' })
  url: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: Dir;

  @ApiProperty({ example: 'هل تكفي خطوط الحافلات في حيك؟' })
  question: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  intro: string | null;

  @ApiProperty({ enum: LANGS, nullable: true, example: null })
  introLang: Lang | null;

  @ApiProperty({ enum: ['rtl', 'ltr'], nullable: true, example: null })
  introDir: Dir | null;

  @ApiProperty({ type: [PollOptionView] })
  options: PollOptionView[];

  @ApiProperty({ enum: LEVELS, example: 1, description: 'How strong the check of a vote is: 0 pulse, 1 standard, 3 confirmed by mail.' })
  level: Level;

  @ApiProperty({ type: 'integer', example: 1, description: 'Options one ballot may choose, at most.' })
  maxChoices: number;

  @ApiProperty({ enum: PUBLIC_STATES, example: 'open' })
  state: PublicState;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  opensAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null, description: 'When it closes by itself, or closed.' })
  closesAt: string | null;

  @ApiProperty({ enum: RESULTS_RULES, example: 'after_vote', description: 'When readers may see numbers.' })
  results: ResultsRule;

  @ApiProperty({ type: PollPlaces, description: 'What it stands beside, as far as that is public.' })
  place: PollPlaces;

  @ApiProperty({
    example: methodNote(1, 1, 'ar'),
    description: 'What kind of number this is, and how strong the check: to be shown with it.',
  })
  method: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  methodLang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  methodDir: Dir;

  @ApiProperty({ type: PollLink, nullable: true, description: 'The poll that mends a mistake of this one.' })
  supersededBy: PollLink | null;

  @ApiPropertyOptional({ type: 'integer', example: 249, description: 'Where `results` is always: counted ballots.' })
  totalBallots?: number;

  /** @param tally where everybody may see numbers at any time, else null */
  static of(poll: PublicPoll, tally: Tally | null, { asked, home }: Languages, origin: string): PollView {
    const url = (id: number): string => `${origin}/polls/${id}`;
    const question = phraseIn(poll.question, asked, home)!;
    const intro = phraseIn(poll.intro, asked, home);
    return {
      id: poll.id,
      url: url(poll.id),
      lang: question.lang,
      dir: question.dir,
      question: question.text,
      intro: intro?.text ?? null,
      introLang: intro?.lang ?? null,
      introDir: intro?.dir ?? null,
      options: poll.options.map(({ id, label }) => {
        const { text, lang, dir } = phraseIn(label, asked, home)!;
        return { id, label: text, lang, dir, ...(tally && shareOf(tally, id)) };
      }),
      level: poll.level,
      maxChoices: poll.max_choices,
      state: poll.state,
      opensAt: instant(poll.opens_at),
      closesAt: poll.closes_at === null ? null : instant(poll.closes_at),
      results: poll.results,
      place: { site: poll.on_site, sectionId: poll.section_id, seriesId: poll.series_id, articleId: poll.article_id },
      method: methodNote(poll.level, poll.max_choices, asked),
      methodLang: asked,
      methodDir: dirOf(asked),
      supersededBy: poll.superseded_by === null ? null : { id: poll.superseded_by, url: url(poll.superseded_by) },
      ...(tally && { totalBallots: tally.totalBallots }),
    };
  }
}

export class PollList {
  @ApiProperty({ type: [PollView] })
  items: PollView[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}

class OptionResult extends OptionText {
  @ApiProperty({ type: 'integer', example: 120, description: 'Counted ballots that chose it.' })
  ballots: number;

  @ApiProperty({ example: 0.4819, description: 'Of all counted ballots, to four decimals; 0 where there are none.' })
  share: number;
}

class RemovalView {
  @ApiProperty({ type: 'integer', example: 1204 })
  ballots: number;

  @ApiProperty({ example: 'أصوات آلية من شبكة واحدة.' })
  reason: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: Dir;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  at: string;
}

/** What a poll has come to. `lang` and `dir` are the question's. */
export class PollResults {
  @ApiProperty({ type: 'integer', example: 7 })
  id: number;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: Dir;

  @ApiProperty({ example: 'هل تكفي خطوط الحافلات في حيك؟' })
  question: string;

  @ApiProperty({ type: 'integer', example: 249, description: 'Counted ballots: the base of all shares.' })
  totalBallots: number;

  @ApiProperty({ type: 'integer', example: 12, description: 'Ballots that are held until somebody has judged them; not counted.' })
  underReview: number;

  @ApiProperty({ type: 'integer', example: 1204, description: 'Ballots taken out of the count; `removals` says why.' })
  removed: number;

  @ApiProperty({ type: [RemovalView] })
  removals: RemovalView[];

  @ApiProperty({ type: [OptionResult] })
  options: OptionResult[];

  @ApiProperty({
    example: methodNote(1, 1, 'ar'),
    description: 'What kind of number this is, and how strong the check: to be shown with it.',
  })
  method: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  methodLang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  methodDir: Dir;

  @ApiProperty({ enum: LEVELS, example: 1 })
  level: Level;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00.000Z' })
  opensAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  closesAt: string | null;

  @ApiProperty({ enum: PUBLIC_STATES, example: 'open' })
  state: PublicState;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T10:00:00.000Z', description: 'Since when the count has given these numbers.' })
  countedAt: string;

  static of(poll: PublicPoll, tally: Tally, languages: Languages): PollResults {
    return { ...numbersOf(poll, tally, languages), opensAt: instant(poll.opens_at), state: poll.state };
  }
}

/** A poll that stands on the desk: in a draft its opening may be unknown. */
export interface DeskPollRow extends Pick<PublicPoll, 'id' | 'question' | 'level' | 'max_choices' | 'closes_at' | 'options'> {
  readonly opens_at: string | null;
  readonly state: PollState;
}

/** {@link PollResults} as the desk may see them at any time. */
export class DeskPollResults extends OmitType(PollResults, ['opensAt', 'state'] as const) {
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T10:00:00.000Z' })
  opensAt: string | null;

  @ApiProperty({ enum: POLL_STATES, example: 'open' })
  state: PollState;

  @ApiProperty({ type: 'integer', example: 3, description: 'Ballots whose readers have not confirmed them yet.' })
  awaiting: number;

  static ofPoll(poll: DeskPollRow, tally: Tally, languages: Languages): DeskPollResults {
    const opensAt = poll.opens_at === null ? null : instant(poll.opens_at);
    return { ...numbersOf(poll, tally, languages), opensAt, state: poll.state, awaiting: tally.awaiting };
  }
}

function numbersOf(
  poll: Omit<DeskPollRow, 'opens_at' | 'state'>,
  tally: Tally,
  { asked, home }: Languages,
): Omit<PollResults, 'opensAt' | 'state'> {
  const question = phraseIn(poll.question, asked, home)!;
  return {
    id: poll.id,
    lang: question.lang,
    dir: question.dir,
    question: question.text,
    totalBallots: tally.totalBallots,
    underReview: tally.underReview,
    removed: tally.removed,
    removals: tally.removals.map(({ ballots, reason, at }) => {
      const lang = detectLang(reason);
      return { ballots, reason, lang, dir: dirOf(lang), at: at.toISOString() };
    }),
    options: poll.options.map(({ id, label }) => {
      const { text, lang, dir } = phraseIn(label, asked, home)!;
      return { id, label: text, lang, dir, ...shareOf(tally, id) };
    }),
    method: methodNote(poll.level, poll.max_choices, asked),
    methodLang: asked,
    methodDir: dirOf(asked),
    level: poll.level,
    closesAt: poll.closes_at === null ? null : instant(poll.closes_at),
    countedAt: tally.countedAt.toISOString(),
  };
}

/** What became of one ballot; never what it chose. */
export class ReceiptStatus {
  @ApiProperty({ enum: VOTE_STATUSES, example: 'counted' })
  status: VoteStatus;

  @ApiPropertyOptional({ example: 'أصوات آلية من شبكة واحدة.', description: 'Why it was removed.' })
  reason?: string;

  @ApiPropertyOptional({ enum: LANGS, example: 'ar', description: 'Of the reason.' })
  lang?: Lang;

  @ApiPropertyOptional({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir?: Dir;

  static removed(reason: string): ReceiptStatus {
    const lang = detectLang(reason);
    return { status: 'removed', reason, lang, dir: dirOf(lang) };
  }
}

function shareOf({ options, totalBallots }: Tally, id: number): { ballots: number; share: number } {
  const ballots = options.get(id) ?? 0;
  return { ballots, share: totalBallots === 0 ? 0 : Math.round((ballots / totalBallots) * 10_000) / 10_000 };
}

/** PostgreSQL's JSON has microseconds and an offset. */
function instant(at: string): string {
  return new Date(at).toISOString();
}
