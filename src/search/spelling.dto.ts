import { ApiProperty } from '@nestjs/swagger';
import { IdOf, LangQuery } from '../http/query.js';
import { LANGS, type Dir, type Lang } from '../text/language.js';
import { SPELLED_FIELDS, type MixedGroup, type SpelledField, type SpelledPlace } from './spelling.js';

export class AskSpelling extends LangQuery {
  @IdOf({ description: 'Number of the revision; left out, the newest.' })
  revision?: number;
}

class Place implements SpelledPlace {
  @ApiProperty({ enum: SPELLED_FIELDS, example: 'body' })
  field: SpelledField;

  @ApiProperty({ type: 'integer', example: 112, description: 'First UTF-16 unit in the plain text of the field.' })
  start: number;

  @ApiProperty({ type: 'integer', example: 124, description: 'The unit behind the last.' })
  end: number;

  @ApiProperty({ example: 'عن مسار الديموقراطية في المدن', description: 'What stands around it.' })
  context: string;
}

class UsedForm {
  @ApiProperty({ example: 'ديموقراطية', description: 'As the lexicon has it; the text may have it with other endings.' })
  form: string;

  @ApiProperty({ type: 'integer', example: 3 })
  count: number;

  @ApiProperty({ type: [Place], description: 'The first 20 of them.' })
  places: readonly Place[];
}

class MixedSpelling implements MixedGroup {
  @ApiProperty({ type: 'integer', example: 312, description: 'Of the lexicon.' })
  groupId: number;

  @ApiProperty({ type: String, nullable: true, example: 'ديمقراطية', description: 'The form the center writes.' })
  preferred: string | null;

  @ApiProperty({ type: [UsedForm] })
  forms: readonly UsedForm[];
}

/** Words that a text spells in several ways, or otherwise than the center does. */
export class MixedSpellings {
  @ApiProperty({ type: 'integer', example: 3, description: 'Number of the revision that was looked through.' })
  revision: number;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: Dir;

  @ApiProperty({ type: [MixedSpelling], description: 'At most 100.' })
  items: MixedSpelling[];

  @ApiProperty({ example: false, description: 'Whether there are more than these.' })
  more: boolean;
}
