import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArticleCard } from '../articles/article-card.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, Form, LangQuery, OneOf, PageQuery, SlugOrId, Typed } from '../http/query.js';
import { LANGS, type Lang } from '../text/language.js';
import { SEARCH_KEY } from './search-key.js';

/** How far the search had to go from the words as they were typed. */
export const RUNGS = ['all_words', 'skeleton', 'correction', 'any_word'] as const;
export type Rung = (typeof RUNGS)[number];

const REASONS = ['empty', 'only_marks', 'only_stop_words', 'only_negation', 'no_match'] as const;
export type NothingFound = (typeof REASONS)[number];

const TYPED = 'What the reader typed. "…", “…” and «…» hold words together, a dash before a word or phrase takes it out. Only the first 200 characters count; more than 2,000 are refused.'; // prettier-ignore

export class SearchArticles extends PageQuery {
  @Typed({ description: TYPED })
  q: string;

  @CursorOf('search', SEARCH_KEY)
  cursor?: Cursor;

  @SlugOrId({ description: 'Slug or id of a section; its subsections are included.' })
  section?: string;

  @SlugOrId({ description: 'Slug or id of an author.' })
  author?: string;

  @Form('year', /^[1-9]\d{3}$/, { description: 'Year of publication in the center’s zone.' })
  year?: string;

  @OneOf(LANGS, { description: 'Language of the text, and of names and messages.' })
  declare lang?: Lang;
}

export class SuggestQuery extends LangQuery {
  @Typed({ description: 'What the reader has typed so far; the last word may be unfinished. From two letters on.' })
  q: string;
}

/** An article as search shows it. */
export class SearchHit extends ArticleCard {
  @ApiProperty({
    description: 'Where the text holds the words, as HTML: escaped, what was found in <mark>.',
    example: '… تخطيط <mark>النقل</mark> العام …',
  })
  snippet: string;
}

class NamedCount {
  @ApiProperty({ type: 'integer', example: 4 })
  id: number;

  @ApiProperty({ example: 'دراسات-المدن' })
  slug: string;

  @ApiProperty({ example: 'دراسات المدن' })
  name: string;

  @ApiProperty({ type: 'integer', example: 12 })
  count: number;
}

class YearCount {
  @ApiProperty({ type: 'integer', example: 2026 })
  year: number;

  @ApiProperty({ type: 'integer', example: 7 })
  count: number;
}

class LangCount {
  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ type: 'integer', example: 19 })
  count: number;
}

class Facets {
  @ApiProperty({ example: false, description: 'Whether they tell of the newest found only.' })
  approximate: boolean;

  @ApiProperty({ type: [NamedCount] })
  section: NamedCount[];

  @ApiProperty({ type: [NamedCount] })
  author: NamedCount[];

  @ApiProperty({ type: [YearCount] })
  year: YearCount[];

  @ApiProperty({ type: [LangCount] })
  lang: LangCount[];
}

export class SearchResults {
  @ApiProperty({ type: [SearchHit] })
  items: SearchHit[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;

  @ApiProperty({ type: Facets, description: 'What the filters could choose among all that was found, the most first.' })
  facets: Facets;

  @ApiProperty({ type: 'integer', example: 19, description: 'Counted up to 1,000.' })
  total: number;

  @ApiProperty({ example: false })
  totalApproximate: boolean;

  @ApiProperty({
    enum: RUNGS,
    type: String,
    nullable: true,
    example: 'all_words',
    description:
      'Which step found it: all words in their forms; words of the same consonants; words spelt otherwise; most of the words. null when nothing was found.',
  })
  answeredBy: Rung | null;

  @ApiPropertyOptional({ enum: REASONS, example: 'no_match', description: 'Why nothing was found.' })
  reason?: NothingFound;

  @ApiPropertyOptional({ example: 'الاقتصاد العربي', description: 'The query as it was probably meant.' })
  didYouMean?: string;

  @ApiPropertyOptional({
    description:
      'Not all was looked through, for want of time or because a phrase was looked for in the newest texts only: there may be more.',
  })
  partial?: boolean;
}

class SuggestedTitle {
  @ApiProperty({ type: 'integer', example: 12 })
  id: number;

  @ApiProperty({ example: 'النقل-العام-في-المدن' })
  slug: string;

  @ApiProperty({ format: 'uri', example: 'https://center.example/articles/12/%D8%A7%D9%84%D9%86%D9%82%D9%84' })
  url: string;

  @ApiProperty({ example: 'النقل العام في المدن' })
  title: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;
}

class SuggestedName {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @ApiProperty({ example: 'ليلى-عبد-الله' })
  slug: string;

  @ApiProperty({ example: 'ليلى عبد الله' })
  name: string;
}

export class Suggestions {
  @ApiProperty({ type: [SuggestedTitle] })
  items: SuggestedTitle[];

  @ApiProperty({ type: [SuggestedName] })
  authors: SuggestedName[];

  @ApiProperty({ type: [SuggestedName] })
  tags: SuggestedName[];
}
