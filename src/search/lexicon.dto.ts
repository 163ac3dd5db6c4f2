import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Choice, Line, Lines, Version } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, OneOf, PageQuery, Search } from '../http/query.js';
import { LEXICON_KINDS, type LexiconKind } from './lexicon.entity.js';

export class ListLexicon extends PageQuery {
  @CursorOf('lexicon', /^\d{1,10}$/)
  cursor?: Cursor;

  @Search({ description: 'Groups with a form that holds these words, in any of their endings.' })
  form?: string;

  @OneOf(LEXICON_KINDS, { description: 'Groups of this kind only.' })
  kind?: LexiconKind;
}

export class CreateLexiconGroup {
  @Choice(LEXICON_KINDS, {
    description:
      '`forms`: singular and plural, or two words for one thing. `spellings`: one word as several write it; drafts are looked through for them.',
    example: 'spellings',
  })
  kind: LexiconKind;

  @Lines({
    description: 'What is meant alike, each form once, with a letter, of at most 6 words.',
    example: ['ديمقراطية', 'ديموقراطية'],
    min: 2,
    max: 20,
    length: 100,
  })
  forms: string[];

  @Line({ description: 'The form the center writes; one of `forms`.', example: 'ديمقراطية', max: 100, optional: true, nullable: true })
  preferred?: string | null;
}

export class ReplaceLexiconGroup extends CreateLexiconGroup {
  @Version()
  version: number;
}

export class ChangeLexiconGroup extends PartialType(CreateLexiconGroup, { skipNullProperties: false }) {
  @Version()
  version: number;
}

/** Words that search takes for each other, as the desk has them. */
export class DeskLexiconGroup {
  @ApiProperty({ type: 'integer', example: 312 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ enum: LEXICON_KINDS, example: 'spellings' })
  kind: LexiconKind;

  @ApiProperty({ type: [String], example: ['ديمقراطية', 'ديموقراطية'] })
  forms: string[];

  @ApiProperty({ type: String, nullable: true, example: 'ديمقراطية', description: 'The form the center writes.' })
  preferred: string | null;
}

export class DeskLexicon {
  @ApiProperty({ type: [DeskLexiconGroup] })
  items: DeskLexiconGroup[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}
