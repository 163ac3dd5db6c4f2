import { ApiProperty, IntersectionType, PartialType } from '@nestjs/swagger';
import { ARTICLE_STATES, type ArticleState } from '../access/policy.js';
import { Choice, Day, Html, Id, Ids, Instant, Line, Part, Parts, Prose, Version, Whole } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, OneOf, PageQuery, SlugOrId } from '../http/query.js';
import { LANGS, type Lang } from '../text/language.js';
import type { Wording } from '../text/wording.js';
import type { ArticleStatus } from './article.entity.js';
import { PublisherView, ReferenceView } from './article.dto.js';
import { ARTICLE_TYPES, type ArticleType } from './revision.entity.js';
import { TRANSITIONS, type WorkflowAct } from './workflow.js';

const LINK = { max: 2_000, nullable: true, optional: true, description: 'Absolute http or https address.' } as const;

class PublisherInput {
  @Line({ max: 200, description: 'Name as printed.', example: 'مركز النخلة للدراسات' })
  name: string;

  @Line({ ...LINK, example: 'https://center.example' })
  url?: string | null;
}

class ReferenceInput {
  @Line({ max: 1_000, description: 'What is cited.', example: 'دليل النقل الحضري' })
  title: string;

  @Line({ max: 500, nullable: true, optional: true, description: 'Where it appeared.', example: null })
  source?: string | null;

  @Line({ ...LINK, example: 'https://example.org/guide' })
  url?: string | null;

  @Day({ nullable: true, optional: true, description: 'Day on which it was read.', example: '2026-01-15' })
  accessed?: string | null;
}

class AuthorRole {
  @Id({ description: 'One of authorIds.', example: 3 })
  authorId: number;

  @Line({ max: 80, description: 'What the name did, where it did not write.', example: 'ترجمة' })
  role: string;
}

/** A new article. */
export class DraftArticle {
  @Choice(LANGS, { description: 'Language of the text; it cannot change later.', example: 'ar' })
  lang: Lang;

  @Line({ max: 300, description: 'Title.', example: 'النقل العام في المدن' })
  title: string;

  @Html({
    max: 204_800,
    description:
      'HTML up to 200 KB of UTF-8; it is cleaned. Pictures and documents are named by number: `<figure data-media="7"><img alt="…"><figcaption>…</figcaption></figure>`, `<a data-media="9">…</a>`.',
    example: '<p>…</p>',
  })
  body: string;

  @Id({ description: 'Section.', example: 4 })
  sectionId: number;

  @Ids({ max: 50, description: 'Authors in the order of the byline.', example: [3] })
  authorIds: number[];

  @Parts(() => AuthorRole, {
    max: 50,
    optional: true,
    description: 'Roles of those in authorIds who did something other than write. Left out, those who stay keep theirs.',
  })
  authorRoles?: AuthorRole[];

  @Line({ max: 140, optional: true, description: 'Address; left out, made of the title and kept.', example: 'النقل-العام-في-المدن' })
  slug?: string;

  @Line({ max: 200, optional: true, nullable: true, description: 'The line above the title.', example: null })
  kicker?: string | null;

  @Line({ max: 1_000, optional: true, nullable: true, description: 'Summary; publication demands one.', example: 'خلاصة قصيرة.' })
  summary?: string | null;

  @Choice(ARTICLE_TYPES, { optional: true, description: 'Kind of piece; left out, an analysis.', example: 'analysis' })
  type?: ArticleType;

  @Ids({ max: 50, optional: true, description: 'Ids of tags.', example: [] })
  tags?: number[];

  @Id({ optional: true, nullable: true, description: 'The dossier it belongs to.', example: null })
  seriesId?: number | null;

  @Whole({ min: 1, max: 10_000, optional: true, nullable: true, description: 'Its place there; left out, the last.', example: null })
  seriesPosition?: number | null;

  @Part(() => PublisherInput, { optional: true, nullable: true, description: 'Publisher other than the center.' })
  publisher?: PublisherInput | null;

  @Parts(() => ReferenceInput, { max: 500, optional: true, description: 'Sources, in the order of their numbers.' })
  references?: ReferenceInput[];

  @Id({ optional: true, nullable: true, description: 'Cover picture.', example: null })
  coverId?: number | null;

  @Instant({
    optional: true,
    nullable: true,
    description: 'For archives: the date in the past under which it is to appear.',
    example: null,
  })
  publishedAt?: Date | null;

  @Id({ optional: true, nullable: true, description: 'An article of which this is a version in another language.', example: null })
  translationOf?: number | null;
}

/** The whole article again. What is left out takes the value it has at creation, except slug and translationOf, which stay. */
export class PutArticle extends DraftArticle {
  @Version()
  version: number;
}

/** Any part of an article. */
export class PatchArticle extends PartialType(DraftArticle, { skipNullProperties: false }) {
  @Version()
  version: number;
}

export class ActOnArticle {
  @Version()
  version: number;
}

export class ReturnArticle extends ActOnArticle {
  @Prose({ max: 5_000, description: 'What has to be done, for the author.', example: 'ينقصه مصدر للرقم في الفقرة الثالثة.' })
  comment: string;
}

export class ScheduleArticle extends ActOnArticle {
  @Instant({ description: 'When it goes live.', example: '2026-12-01T08:00:00+02:00' })
  at: Date;
}

export class CorrectArticle extends ActOnArticle {
  @Prose({ max: 2_000, description: 'What was changed, for readers.', example: 'صُحّح عام التأسيس في الفقرة الثانية.' })
  note: string;
}

export class TakeBackArticle extends ActOnArticle {
  @Prose({ max: 2_000, description: 'Why, for readers.', example: 'بُنيت النتائج على بيانات تبيّن خطؤها.' })
  reason: string;
}

/** The filters of the desk's list: all given ones hold. */
export class ListDeskArticles extends PageQuery {
  @CursorOf('desk articles', /^\d{1,17}$/)
  cursor?: Cursor;

  @OneOf(ARTICLE_STATES, { description: 'Where the newest revision stands.' })
  state?: ArticleState;

  @SlugOrId({ description: 'Slug or id of a section; its subsections are included.' })
  section?: string;

  @SlugOrId({ description: 'Slug or id of an author.' })
  author?: string;

  @OneOf(['true'], { description: 'Only what you created.' })
  mine?: 'true';

  @OneOf(['true'], { description: 'Only what is scheduled, or was and failed.' })
  due?: 'true';

  @OneOf(LANGS, { description: 'Language of the text.' })
  declare lang?: Lang;
}

export class Person {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'ليلى عبد الله' })
  name: string;
}

class NamedInLanguages {
  @ApiProperty({ type: 'integer', example: 4 })
  id: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { ar: 'دراسات المدن' } })
  name: Wording;
}

class ScheduleFailure {
  @ApiProperty({ example: 'not_publishable' })
  code: string;

  @ApiProperty({ type: [String], example: ['summary'] })
  fields: string[];

  @ApiProperty({ format: 'date-time' })
  at: string;
}

class ScheduleView {
  @ApiProperty({ format: 'date-time', example: '2026-12-01T06:00:00Z' })
  at: string;

  @ApiProperty({ example: 'Africa/Cairo', description: 'The center’s zone when it was scheduled.' })
  zone: string;

  @ApiProperty({ type: 'integer', example: 3, description: 'The revision that goes live.' })
  revision: number;

  @ApiProperty({ type: ScheduleFailure, nullable: true, description: 'Why it did not go live.' })
  failure: ScheduleFailure | null;
}

const STATUSES = ['published', 'corrected', 'retracted', 'withdrawn'] as const;

/** An article as the desk's lists show it. */
export class DeskArticleCard {
  @ApiProperty({ type: 'integer', example: 12 })
  id: number;

  @ApiProperty({ type: 'integer', example: 5 })
  version: number;

  @ApiProperty({ enum: ARTICLE_STATES, example: 'draft', description: 'Where the newest revision stands.' })
  state: ArticleState;

  @ApiProperty({
    type: String,
    enum: STATUSES,
    nullable: true,
    example: null,
    description: 'What the public sees; null: it was never public.',
  })
  status: ArticleStatus | null;

  @ApiProperty({ example: 'النقل-العام-في-المدن' })
  slug: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;

  @ApiProperty({ enum: ARTICLE_TYPES, example: 'analysis' })
  type: ArticleType;

  @ApiProperty({ example: 'النقل العام في المدن' })
  title: string;

  @ApiProperty({ type: NamedInLanguages, nullable: true })
  section: NamedInLanguages | null;

  @ApiProperty({ type: [NamedInLanguages], description: 'The byline, in its order.' })
  authors: NamedInLanguages[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  publishedAt: string | null;

  @ApiProperty({ type: ScheduleView, nullable: true })
  schedule: ScheduleView | null;

  @ApiProperty({ type: Person, nullable: true, description: 'Whose own it is; null for what was imported.' })
  createdBy: Person | null;

  @ApiProperty({ type: Person, nullable: true })
  editedBy: Person | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  editedAt: string;
}

export class DeskArticleList {
  @ApiProperty({ type: [DeskArticleCard] })
  items: DeskArticleCard[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'How many the other filters leave in each state, and how many are due.',
    example: { draft: 3, in_review: 1, returned: 0, approved: 0, scheduled: 2, published: 40, due: 2 },
  })
  counts: Record<ArticleState | 'due', number>;
}

class AuthorRoleView {
  @ApiProperty({ type: 'integer', example: 3 })
  authorId: number;

  @ApiProperty({ example: 'ترجمة' })
  role: string;
}

class DeskNotice {
  @ApiProperty({ type: 'integer', example: 1 })
  id: number;

  @ApiProperty({
    enum: ['correction', 'retraction', 'withdrawal', 'translation_corrected', 'translation_retracted', 'translation_withdrawn'],
    example: 'correction',
  })
  kind: string;

  @ApiProperty({ type: String, nullable: true, example: 'صُحّح عام التأسيس.' })
  note: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'ليلى عبد الله' })
  by: string | null;

  @ApiProperty({ format: 'date-time' })
  at: string;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'The translation it is about.' })
  articleId: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null, description: 'When somebody here had looked.' })
  settledAt: string | null;
}

class DeskTranslation {
  @ApiProperty({ type: 'integer', example: 13 })
  id: number;

  @ApiProperty({ enum: LANGS, example: 'en' })
  lang: Lang;

  @ApiProperty({ example: 'Public transport in cities' })
  title: string;

  @ApiProperty({ enum: ARTICLE_STATES, example: 'draft' })
  state: ArticleState;

  @ApiProperty({ type: String, enum: STATUSES, nullable: true, example: null })
  status: ArticleStatus | null;
}

const ACTS = Object.keys(TRANSITIONS);

/** What a revision says beside its title. */
class RevisionWords {
  @ApiProperty({ type: String, nullable: true, example: null })
  kicker: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'خلاصة قصيرة.' })
  summary: string | null;

  @ApiProperty({ description: 'Clean HTML.', example: '<p>…</p>' })
  body: string;

  @ApiProperty({ type: [AuthorRoleView] })
  authorRoles: AuthorRoleView[];

  @ApiProperty({ type: [Number], example: [] })
  tags: number[];

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  seriesId: number | null;

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  seriesPosition: number | null;

  @ApiProperty({ type: PublisherView, nullable: true })
  publisher: PublisherView | null;

  @ApiProperty({ type: [ReferenceView] })
  references: ReferenceView[];

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  coverId: number | null;
}

/** An article as the desk sees it: its newest revision, and where it stands. */
export class DeskArticle extends IntersectionType(DeskArticleCard, RevisionWords) {
  @ApiProperty({ type: 'integer', nullable: true, example: 4 })
  sectionId: number | null;

  @ApiProperty({ type: [Number], example: [3] })
  authorIds: number[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'As printed, where it was imported or is public.' })
  dateline: string | null;

  @ApiProperty({ type: 'integer', example: 900 })
  words: number;

  @ApiProperty({ type: 'integer', example: 5 })
  readingMinutes: number;

  @ApiProperty({ type: 'integer', example: 2, description: 'Number of the newest revision.' })
  revision: number;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'Number of the revision readers see.' })
  liveRevision: number | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Why it came back from review.' })
  returnComment: string | null;

  @ApiProperty({ type: [DeskTranslation] })
  translations: DeskTranslation[];

  @ApiProperty({ type: [DeskNotice], description: 'Newest first.' })
  notices: DeskNotice[];

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  createdAt: string;

  @ApiProperty({ enum: ACTS, isArray: true, example: ['save', 'submit'], description: 'What you may do with it now.' })
  acts: WorkflowAct[];
}

/** A step of an article's history. */
export class RevisionCard {
  @ApiProperty({ type: 'integer', example: 2 })
  number: number;

  @ApiProperty({ example: 'النقل العام في المدن' })
  title: string;

  @ApiProperty({ type: 'integer', example: 900 })
  words: number;

  @ApiProperty({ type: Person, nullable: true })
  createdBy: Person | null;

  @ApiProperty({ format: 'date-time' })
  createdAt: string;

  @ApiProperty({ format: 'date-time', description: 'Last save into it.' })
  savedAt: string;

  @ApiProperty({ example: false, description: 'Whether it can still change: it was never submitted, scheduled or public.' })
  sealed: boolean;

  @ApiProperty({ example: false, description: 'Whether readers see it.' })
  live: boolean;

  @ApiProperty({ type: 'integer', nullable: true, example: null, description: 'The revision it brought back.' })
  restoredFrom: number | null;
}

export class RevisionList {
  @ApiProperty({ type: [RevisionCard], description: 'Newest first.' })
  items: RevisionCard[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

export class ListRevisions extends PageQuery {
  @CursorOf('revisions', /^\d{1,10}$/)
  cursor?: Cursor;
}

/** What the article said at one step. */
export class RevisionText extends IntersectionType(RevisionCard, RevisionWords) {
  @ApiProperty({ example: 'النقل-العام-في-المدن' })
  slug: string;

  @ApiProperty({ enum: ARTICLE_TYPES, example: 'analysis' })
  type: ArticleType;

  @ApiProperty({ type: NamedInLanguages, nullable: true })
  section: NamedInLanguages | null;

  @ApiProperty({ type: [NamedInLanguages] })
  authors: NamedInLanguages[];
}
