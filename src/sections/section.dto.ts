import { ApiProperty } from '@nestjs/swagger';

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
