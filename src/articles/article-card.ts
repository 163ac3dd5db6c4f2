import { ApiProperty } from '@nestjs/swagger';
import { PublicPicture } from '../media/picture.js';
import { LANGS, type Lang } from '../text/language.js';
import { ARTICLE_TYPES, type ArticleType } from './revision.entity.js';

class BylineEntry {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @ApiProperty({ example: 'ليلى-عبد-الله' })
  slug: string;

  @ApiProperty({ example: 'ليلى عبد الله' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'What the name did, where it did not write.' })
  role: string | null;

  @ApiProperty({ type: PublicPicture, nullable: true })
  portrait: PublicPicture | null;
}

export class Named {
  @ApiProperty({ type: 'integer', example: 4 })
  id: number;

  @ApiProperty({ example: 'دراسات-المدن' })
  slug: string;

  @ApiProperty({ example: 'دراسات المدن' })
  name: string;
}

const STATUSES = ['published', 'corrected', 'retracted'] as const;

/** An article as lists show it. */
export class ArticleCard {
  @ApiProperty({ type: 'integer', example: 12 })
  id: number;

  @ApiProperty({ example: 'النقل-العام-في-المدن' })
  slug: string;

  @ApiProperty({ format: 'uri', example: 'https://center.example/articles/12/%D8%A7%D9%84%D9%86%D9%82%D9%84' })
  url: string;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;

  @ApiProperty({ enum: ARTICLE_TYPES, example: 'analysis' })
  type: ArticleType;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'The line above the title.' })
  kicker: string | null;

  @ApiProperty({ example: 'النقل العام في المدن' })
  title: string;

  @ApiProperty({ example: 'لماذا تُخطط الحافلات قبل الطرق.' })
  summary: string;

  @ApiProperty({ type: [BylineEntry] })
  byline: BylineEntry[];

  @ApiProperty({ type: Named })
  section: Named;

  @ApiProperty({ type: PublicPicture, nullable: true })
  cover: PublicPicture | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  publishedAt: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  updatedAt: string;

  @ApiProperty({ example: 'السبت 31/يناير/2026 - 12:00 م' })
  dateline: string;

  @ApiProperty({ type: 'integer', example: 4 })
  readingMinutes: number;

  @ApiProperty({ enum: STATUSES, example: 'published' })
  status: (typeof STATUSES)[number];
}
