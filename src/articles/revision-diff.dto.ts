import { ApiProperty } from '@nestjs/swagger';
import { IdOf, LangQuery, OneOf } from '../http/query.js';
import { LANGS, type Lang } from '../text/language.js';
import type { Op } from './word-diff.js';

const OPS = ['equal', 'insert', 'delete'] as const;

/** What to compare a revision with, and in what form. */
export class CompareRevisions extends LangQuery {
  @IdOf({ description: 'Number of the revision to compare with; left out, the one before. It may be a later one.' })
  with?: number;

  @OneOf(['json', 'html'], { description: 'html: a page that shows the comparison, with a policy that loads nothing from elsewhere.' })
  format?: 'json' | 'html';
}

/** A stretch of words. */
class ComparedWords {
  @ApiProperty({ enum: OPS, example: 'equal' })
  op: Op;

  @ApiProperty({ example: 'قال الوزير ' })
  text: string;

  @ApiProperty({ example: false, description: 'Out and in: the same word but for tashkeel, tatweel, hamza, forms of alef and the like.' })
  spelling: boolean;

  @ApiProperty({ example: false, description: 'Out and in: the same word within other markup, such as bold or another link.' })
  markup: boolean;
}

export const COMPARED_FIELDS = [
  'kicker', 'title', 'summary', 'byline', 'section', 'type', 'slug', 'series', 'tags', 'cover', 'publisher', 'references', 'dateline',
] as const; // prettier-ignore
export type ComparedField = (typeof COMPARED_FIELDS)[number];

/** A field that the two revisions do not have alike, as lines of text. */
export class ComparedFieldView {
  @ApiProperty({ enum: COMPARED_FIELDS, example: 'title' })
  field: ComparedField;

  @ApiProperty({ type: String, nullable: true, example: 'النقل في المدن' })
  before: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'النقل العام في المدن' })
  after: string | null;

  @ApiProperty({ type: [ComparedWords] })
  words: readonly ComparedWords[];
}

class ComparedBlock {
  @ApiProperty({ enum: [...OPS, 'change'], example: 'change', description: 'change: words within it came or went.' })
  op: Op | 'change';

  @ApiProperty({ example: '<p>قال الوزير<del> كلمة</del><ins> كلمتين</ins>.</p>', description: 'Clean HTML, with ins and del.' })
  html: string;

  @ApiProperty({ type: [ComparedWords], nullable: true, description: 'Of a changed block; null of one that stayed, came or went whole.' })
  words: readonly ComparedWords[] | null;

  @ApiProperty({ example: false, description: 'It came or went, and stands the same elsewhere.' })
  moved: boolean;
}

/** Two revisions side by side. Without what stands in `del` it is the one, without what stands in `ins` the other. */
export class RevisionDiff {
  @ApiProperty({ type: 'integer', nullable: true, example: 1, description: 'Null: there is none before, and everything is new.' })
  from: number | null;

  @ApiProperty({ type: 'integer', example: 2 })
  to: number;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;

  @ApiProperty({ type: [ComparedFieldView], description: 'Those that differ.' })
  fields: readonly ComparedFieldView[];

  @ApiProperty({ type: [ComparedBlock], description: 'The body, block by block.' })
  body: readonly ComparedBlock[];
}
