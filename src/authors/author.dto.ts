import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Id, Line, Lines, Parts, Version, WholeWording, Words } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, PageQuery, Search } from '../http/query.js';
import { PublicPicture } from '../media/picture.js';
import type { Wording } from '../text/wording.js';
import type { Author, AuthorLink } from './author.entity.js';

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

  @ApiProperty({ type: PublicPicture, nullable: true })
  portrait: PublicPicture | null;
}

export class AuthorList {
  @ApiProperty({ type: [AuthorProfile] })
  items: AuthorProfile[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}

export class ListDeskAuthors extends PageQuery {
  @CursorOf('desk-authors', /./)
  cursor?: Cursor;

  @Search({ description: 'Part of a name or alias, in any spelling.' })
  q?: string;
}

class AuthorLinkFields implements AuthorLink {
  @Line({ description: 'What the link says.', example: 'صفحة المؤلفة', max: 200 })
  label: string;

  @Line({ description: 'Address that starts with http or https.', example: 'https://example.org/author', max: 2_000 })
  url: string;
}

export class CreateAuthor {
  @Words({ description: 'Name as displayed, without honorific.', example: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' }, max: 200 })
  name: Wording;

  @Line({ description: 'Address; left out, it is made from the name.', example: 'ليلى-عبد-الله', max: 200, optional: true })
  slug?: string;

  @Words({ description: 'Title before the name, kept apart.', example: { ar: 'د.' }, max: 100, empty: true, optional: true })
  honorific?: Wording;

  @Words({ description: 'Where the person works.', example: { ar: 'وحدة دراسات المدن' }, max: 300, empty: true, optional: true })
  affiliation?: Wording;

  @Words({
    description: 'About the person; paragraphs are parted by empty lines.',
    example: { ar: 'تكتب عن النقل العام.' },
    max: 5_000,
    empty: true,
    paragraphs: true,
    optional: true,
  })
  bio?: Wording;

  @Line({ description: 'ORCID iD.', example: '0000-0002-1825-0097', max: 50, optional: true, nullable: true })
  orcid?: string | null;

  @Parts(() => AuthorLinkFields, { description: 'In this order.', max: 20, optional: true })
  links?: AuthorLinkFields[];

  @Lines({ description: 'Other spellings the person has signed with.', example: ['ليلى عبدالله'], max: 50, length: 200, optional: true })
  aliases?: string[];

  @Id({ description: 'A picture of the person.', example: null, optional: true, nullable: true })
  portraitId?: number | null;
}

export class ReplaceAuthor extends CreateAuthor {
  @Version()
  version: number;
}

export class ChangeAuthor extends PartialType(CreateAuthor, { skipNullProperties: false }) {
  @Version()
  version: number;
}

export class MergeAuthor {
  @Id({ description: 'Whom readers are led to from now on.', example: 3 })
  into: number;

  @Version()
  version: number;
}

export class UnmergeAuthor {
  @Version()
  version: number;
}

/** An author as the desk has them. */
export class DeskAuthor {
  @ApiProperty({ type: 'integer', example: 3 })
  id: number;

  @ApiProperty({ type: 'integer', example: 1 })
  version: number;

  @ApiProperty({ example: 'ليلى-عبد-الله' })
  slug: string;

  @WholeWording({ description: 'Name as displayed.', example: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' } })
  name: Wording;

  @WholeWording({ description: 'Title before the name.', example: { ar: 'د.' } })
  honorific: Wording;

  @WholeWording({ description: 'Where the person works.', example: { ar: 'وحدة دراسات المدن' } })
  affiliation: Wording;

  @WholeWording({ description: 'About the person, in paragraphs.', example: { ar: 'تكتب عن النقل العام.' } })
  bio: Wording;

  @ApiProperty({ type: String, nullable: true, example: '0000-0002-1825-0097' })
  orcid: string | null;

  @ApiProperty({ type: [AuthorLinkView] })
  links: AuthorLinkView[];

  @ApiProperty({ type: [String], example: ['ليلى عبدالله'] })
  aliases: string[];

  @ApiProperty({ type: 'integer', nullable: true, example: null })
  portraitId: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: null,
    description: 'Whom readers are led to, since this record was merged into that one; null for most.',
  })
  mergedInto: number | null;

  static of({ id, version, slug, name, honorific, affiliation, bio, orcid, links, aliases, portraitId, mergedInto }: Author): DeskAuthor {
    return { id, version, slug, name, honorific, affiliation, bio, orcid, links, aliases, portraitId, mergedInto };
  }
}

/** How an author that there is resembles a new one, the surest sign first. */
export const REASONS = ['same_orcid', 'same_name', 'similar_name'] as const;
export type Reason = (typeof REASONS)[number];

/** An author that there is and who may be the new one. */
export class LookAlike {
  @ApiProperty({ type: 'integer', example: 2 })
  id: number;

  @ApiProperty({ example: 'ليلى-عبدالله' })
  slug: string;

  @WholeWording({ description: 'Name as displayed.', example: { en: 'Leila Abdullah' } })
  name: Wording;

  @ApiProperty({
    enum: REASONS,
    description: 'Equal ORCID; a name or alias equal but for spelling (عبد الله, عبدالله); one that sounds alike, in any script and order.',
  })
  reason: Reason;
}

/** A new author, and who may be the same person: nothing was refused for it. */
export class NewDeskAuthor extends DeskAuthor {
  @ApiProperty({ type: [LookAlike], description: 'The surest first, 20 at the most. Of merged records the one that they lead to.' })
  lookAlikes: LookAlike[];
}

export class DeskAuthorList {
  @ApiProperty({ type: [DeskAuthor] })
  items: DeskAuthor[];

  @ApiProperty({ type: String, nullable: true, example: null, description: 'For the next page; null on the last.' })
  nextCursor: string | null;
}
