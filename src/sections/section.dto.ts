import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Id, Line, Version, Whole, WholeWording, Words } from '../http/body.js';
import type { Wording } from '../text/wording.js';
import type { Section } from './section.entity.js';

/** A section as readers get it, its subsections inside. */
export class SectionTree {
  @ApiProperty({ type: 'integer', example: 4 })
  id: number;

  @ApiProperty({ example: 'دراسات-المدن' })
  slug: string;

  @ApiProperty({ example: 'دراسات المدن' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: 'العمران والنقل والخدمات.' })
  description: string | null;

  @ApiProperty({ type: () => [SectionTree], example: [] })
  children: SectionTree[];
}

export class SectionList {
  @ApiProperty({ type: [SectionTree] })
  items: SectionTree[];
}

export class CreateSection {
  @Words({ description: 'Name, in Arabic at least.', example: { ar: 'دراسات المدن', en: 'Urban Studies' }, max: 200, needs: ['ar'] })
  name: Wording;

  @Line({ description: 'Address; left out, it is made from the name.', example: 'دراسات-المدن', max: 200, optional: true })
  slug?: string;

  @Words({ description: 'What it is about.', example: { ar: 'العمران والنقل والخدمات.' }, max: 1_000, empty: true, optional: true })
  description?: Wording;

  @Id({ description: 'The section it stands in; null for one at the top.', example: 1, optional: true, nullable: true })
  parentId?: number | null;

  @Whole({ description: 'Order among the sections of the same parent.', example: 0, min: 0, max: 100_000, optional: true })
  position?: number;
}

export class ReplaceSection extends CreateSection {
  @Version()
  version: number;
}

export class ChangeSection extends PartialType(CreateSection, { skipNullProperties: false }) {
  @Version()
  version: number;
}

/** A section as the desk has it. */
export class DeskSection {
  @ApiProperty({ type: 'integer', example: 4 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ example: 'دراسات-المدن' })
  slug: string;

  @WholeWording({ description: 'Name.', example: { ar: 'دراسات المدن', en: 'Urban Studies' } })
  name: Wording;

  @WholeWording({ description: 'What it is about.', example: { ar: 'العمران والنقل والخدمات.' } })
  description: Wording;

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  parentId: number | null;

  @ApiProperty({ type: 'integer', example: 0, description: 'Order among the sections of the same parent.' })
  position: number;

  static of({ id, version, slug, name, description, parentId, position }: Section): DeskSection {
    return { id, version, slug, name, description, parentId, position };
  }
}

export class DeskSectionList {
  @ApiProperty({ type: [DeskSection], description: 'All of them: by parent, those at the top first, and by position.' })
  items: DeskSection[];
}
