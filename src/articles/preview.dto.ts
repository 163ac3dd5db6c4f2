import { ApiProperty } from '@nestjs/swagger';
import { Id, Instant, Line } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, PageQuery } from '../http/query.js';
import { Person } from './desk-article.dto.js';

/** A link for somebody outside. */
export class OfferPreview {
  @Id({ optional: true, description: 'Number of the revision it shows; left out, the newest.', example: 2 })
  revision?: number;

  @Instant({
    optional: true,
    description: 'Until when; left out, seven days from now, and at the most thirty.',
    example: '2026-12-01T08:00:00+02:00',
  })
  expiresAt?: Date;

  @Line({ max: 200, optional: true, nullable: true, description: 'For whom it is; readers never see it.', example: 'للمراجع الخارجي' })
  note?: string | null;
}

export class ListPreviews extends PageQuery {
  @CursorOf('preview links', /^\d{1,10}$/)
  cursor?: Cursor;
}

/** A link that shows one revision to whoever has it. */
export class PreviewLink {
  @ApiProperty({ type: 'integer', example: 5 })
  id: number;

  @ApiProperty({ type: 'integer', example: 2, description: 'Number of the revision it shows.' })
  revision: number;

  @ApiProperty({ type: String, nullable: true, example: 'للمراجع الخارجي' })
  note: string | null;

  @ApiProperty({ type: Person, nullable: true, description: 'Null: Markaz itself.' })
  createdBy: Person | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T10:00:00Z' })
  createdAt: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-07T10:00:00Z' })
  expiresAt: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null, description: 'When it was taken back.' })
  revokedAt: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
    description: 'When it was first opened: by a person, or by a program that looks ahead at links.',
  })
  openedAt: string | null;
}

/** The same, with its address: told this once, and kept nowhere. */
export class OfferedPreview extends PreviewLink {
  @ApiProperty({ format: 'uri', example: 'https://center.example/previews/5VqQ…' })
  url: string;
}

export class PreviewLinkList {
  @ApiProperty({ type: [PreviewLink], description: 'Newest first, past ones among them.' })
  items: PreviewLink[];

  @ApiProperty({ type: String, nullable: true, example: null })
  nextCursor: string | null;
}
