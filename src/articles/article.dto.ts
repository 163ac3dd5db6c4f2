import { ApiProperty } from '@nestjs/swagger';
import { INSTANT_KEY, type Cursor } from '../http/cursor.js';
import { CursorOf, DayOrInstant, OneOf, PageQuery, SlugOrId } from '../http/query.js';
import { LANGS, type Lang } from '../text/language.js';
import { ArticleCard, Named } from './article-card.js';
import { ARTICLE_TYPES, type ArticleType } from './revision.entity.js';

/** The filters of the list of articles: all given ones hold. */
export class ListArticles extends PageQuery {
  @CursorOf('articles', INSTANT_KEY)
  cursor?: Cursor;

  @SlugOrId({ description: 'Slug or id of a section; its subsections are included.' })
  section?: string;

  @SlugOrId({ description: 'Slug or id of an author.' })
  author?: string;

  @SlugOrId({ description: 'Slug or id of a tag.' })
  tag?: string;

  @SlugOrId({ description: 'Slug or id of a series.' })
  series?: string;

  @OneOf(ARTICLE_TYPES, { description: 'Kind of piece.' })
  type?: ArticleType;

  @OneOf(LANGS, { description: 'Language of the text, and of names and messages.' })
  declare lang?: Lang;

  @DayOrInstant({ description: 'Published on or after: YYYY-MM-DD in the center’s zone, or an instant with offset, to the second.' })
  from?: string;

  @DayOrInstant({ description: 'Published on or before: YYYY-MM-DD in the center’s zone, or an instant with offset, to the second.' })
  to?: string;
}

class SeriesPlace extends Named {
  @ApiProperty({ type: 'integer', example: 1, description: 'Place of this piece in the series.' })
  position: number;
}

export class ArticleList {
  @ApiProperty({ type: [ArticleCard] })
  items: ArticleCard[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}

class HeadingEntry {
  @ApiProperty({ example: 'h-الخلاصه' })
  id: string;

  @ApiProperty({ type: 'integer', example: 2 })
  level: number;

  @ApiProperty({ example: 'الخلاصة' })
  text: string;
}

export class PublisherView {
  @ApiProperty({ example: 'مركز النخلة للدراسات' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: 'https://center.example' })
  url: string | null;
}

export class ReferenceView {
  @ApiProperty({ example: 'دليل النقل الحضري' })
  title: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  source: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'https://example.org/guide' })
  url: string | null;

  @ApiProperty({ type: String, format: 'date', nullable: true, example: '2026-01-15' })
  accessed: string | null;
}

class TranslationEntry {
  @ApiProperty({ type: 'integer', example: 13 })
  id: number;

  @ApiProperty({ example: 'public-transport-in-cities' })
  slug: string;

  @ApiProperty({ format: 'uri', example: 'https://center.example/articles/13/public-transport-in-cities' })
  url: string;

  @ApiProperty({ enum: LANGS, example: 'en' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'ltr' })
  dir: string;

  @ApiProperty({ example: 'Public transport in cities' })
  title: string;
}

class PollPlace {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;
}

/** What readers have to know about the piece: a correction, its retraction, or that a translation of it was changed. */
class NoticeView {
  @ApiProperty({ type: 'integer', example: 1 })
  id: number;

  @ApiProperty({
    enum: ['correction', 'retraction', 'translation_corrected', 'translation_retracted', 'translation_withdrawn'],
    example: 'correction',
  })
  kind: string;

  @ApiProperty({ type: String, nullable: true, example: 'صُحّح عام التأسيس في الفقرة الثانية.', description: 'What was changed, or why.' })
  note: string | null;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Who decided, for a retraction.' })
  by: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  at: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;

  @ApiProperty({ type: TranslationEntry, nullable: true, description: 'The translation it is about, while readers can see that.' })
  translation: TranslationEntry | null;
}

/** An article whole. */
export class ArticlePage extends ArticleCard {
  @ApiProperty({ description: 'Clean HTML.', example: '<h2 id="h-الخلاصه">الخلاصة</h2><p>…</p>' })
  body: string;

  @ApiProperty({ type: [HeadingEntry] })
  contents: HeadingEntry[];

  @ApiProperty({ type: PublisherView })
  publisher: PublisherView;

  @ApiProperty({ type: [ReferenceView] })
  references: ReferenceView[];

  @ApiProperty({ type: [Named] })
  tags: Named[];

  @ApiProperty({ type: SeriesPlace, nullable: true })
  series: SeriesPlace | null;

  @ApiProperty({ type: [TranslationEntry] })
  translations: TranslationEntry[];

  @ApiProperty({ type: [NoticeView], description: 'A retraction first, then the newest first.' })
  notices: NoticeView[];

  @ApiProperty({
    type: [PollPlace],
    description: 'Polls to show beside the piece, the nearest first: its own, those of its series, its section, the site.',
  })
  polls: PollPlace[];

  @ApiProperty({ type: 'integer', example: 1, description: 'Number of the revision shown.' })
  revision: number;
}
