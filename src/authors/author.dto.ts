import { ApiProperty } from '@nestjs/swagger';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, PageQuery } from '../http/query.js';
import type { AuthorLink } from './author.entity.js';

export class ListAuthors extends PageQuery {
  @CursorOf('authors', /./)
  cursor?: Cursor;
}

class AuthorLinkView implements AuthorLink {
  @ApiProperty({ example: 'صفحة المؤلفة' })
  label: string;

  @ApiProperty({ example: 'https://example.org/author' })
  url: string;
}

/** An author as readers get it. */
export class AuthorProfile {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @ApiProperty({ example: 'ليلى-عبد-الله' })
  slug: string;

  @ApiProperty({ example: 'ليلى عبد الله' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: 'وحدة دراسات المدن' })
  affiliation: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'تكتب عن النقل العام.' })
  bio: string | null;

  @ApiProperty({ type: String, nullable: true, example: '0000-0002-1825-0097' })
  orcid: string | null;

  @ApiProperty({ type: [AuthorLinkView] })
  links: AuthorLinkView[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Address of a picture.' })
  portrait: string | null;
}

export class AuthorList {
  @ApiProperty({ type: [AuthorProfile] })
  items: AuthorProfile[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
