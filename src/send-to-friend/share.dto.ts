import { ApiProperty } from '@nestjs/swagger';
import type { Challenge, Payload } from 'altcha-lib/types';
import { Choice, Flag, Line, Prose } from '../http/body.js';
import type { Cursor } from '../http/cursor.js';
import { CursorOf, DayOrInstant, IdOf, PageQuery } from '../http/query.js';
import { WorkChallenge } from '../http/work-challenge.js';
import { WorkField } from '../http/work-field.js';
import type { Address } from '../mail/address.js';
import { AddressField, AddressesField } from '../mail/address-field.js';
import { LANGS, dirOf, type Dir, type Lang } from '../text/language.js';
import type { ConfirmedSender } from './share-confirmations.service.js';
import { SenderNameField } from './sender-name.js';
import type { CountRow } from './shares.queries.js';

/** How many friends one share goes to. */
const MAX_RECIPIENTS = 3;

export class SendShare {
  @SenderNameField()
  senderName: string;

  @AddressField({
    description: 'Asked for confirmation first, unless this browser has confirmed it within 30 days. It stands in no letter’s From.',
    example: 'reader@readers.example',
  })
  senderEmail: Address;

  @AddressesField({
    min: 1,
    max: MAX_RECIPIENTS,
    description: 'Who gets a letter each. Nothing tells whether one of them has refused such letters.',
    example: ['friend@friends.example'],
  })
  recipients: readonly Address[];

  @Prose({
    max: 300,
    optional: true,
    description: 'Of confirmed senders alone. What looks like a link, an address or a number to call is taken out.',
    example: 'أظن أن هذه الدراسة تهمك.',
  })
  message?: string;

  @Flag({ description: 'Of confirmed senders alone: recipients may answer the sender.', example: false, optional: true })
  allowReply?: boolean;

  @Choice(LANGS, { description: 'Of the letters; the piece’s own where none is given.', example: 'ar', optional: true })
  lang?: Lang;

  @WorkField('The challenge of GET /api/v1/shares/challenge, and its solution.')
  work?: Payload;
}

export class ShareTaken {
  @ApiProperty({ format: 'uuid', example: '7c9e6679-7425-40de-944b-e07fc1f90ae7' })
  shareId: string;

  static of(shareId: string): ShareTaken {
    return { shareId };
  }
}

export class ShareChallenge {
  @ApiProperty({ type: String, format: 'date-time', description: 'So long a share may be sent with it.' })
  expiresAt: string;

  @ApiProperty({ type: WorkChallenge, description: 'ALTCHA challenge to solve before the share; good for one.' })
  work: Challenge;

  static of(work: Challenge): ShareChallenge {
    return { expiresAt: new Date(work.parameters.expiresAt! * 1_000).toISOString(), work };
  }
}

export class ConfirmShares {
  @Line({ max: 200, description: 'What stands behind `/shares/confirm/` in the link of the mail.', example: 'wQ0xJ4f7…' })
  token: string;
}

export class SharesConfirmed {
  @ApiProperty({ type: 'integer', example: 1, description: 'Shares that go out now.' })
  released: number;

  @ApiProperty({ type: 'integer', example: 0, description: 'Shares beyond what one sender may send in a day: they are given up.' })
  dropped: number;

  @ApiProperty({ type: String, format: 'date-time', description: 'So long this browser is not asked again.' })
  confirmedUntil: string;

  static of({ released, dropped, until }: ConfirmedSender): SharesConfirmed {
    return { released, dropped, confirmedUntil: until.toISOString() };
  }
}

/** The filters of the counts: all given ones hold. */
export class ListShareCounts extends PageQuery {
  @CursorOf('shares', /^\d{4}-\d\d-\d\d$/)
  cursor?: Cursor;

  @IdOf({ description: 'Only of this article.' })
  articleId?: number;

  @DayOrInstant({ description: 'On or after: YYYY-MM-DD in the center’s zone, or an instant with offset, which stands for its day there.' })
  from?: string;

  @DayOrInstant({
    description: 'On or before: YYYY-MM-DD in the center’s zone, or an instant with offset, which stands for its day there.',
  })
  to?: string;
}

/** What was sent of one piece on one day. */
class ShareCount {
  @ApiProperty({ type: 'integer', example: 12 })
  articleId: number;

  @ApiProperty({ example: 'المدينة والماء' })
  title: string;

  @ApiProperty({ enum: LANGS })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'] })
  dir: Dir;

  @ApiProperty({ format: 'date', example: '2026-01-31', description: 'In the center’s zone.' })
  day: string;

  @ApiProperty({ type: 'integer', example: 3, description: 'Shares that went out.' })
  shares: number;

  @ApiProperty({ type: 'integer', example: 5, description: 'Letters they came to.' })
  letters: number;

  static of({ articleId, title, lang, day, shares, letters }: CountRow): ShareCount {
    return { articleId, title, lang, dir: dirOf(lang), day, shares, letters };
  }
}

export class ShareCountPage {
  @ApiProperty({ type: [ShareCount], description: 'The newest day first. Numbers only: of whom is not known.' })
  items: ShareCount[];

  @ApiProperty({ type: 'string', nullable: true })
  nextCursor: string | null;

  /** @param rows one more than `limit` where there is a next page */
  static of(rows: readonly CountRow[], limit: number): ShareCountPage {
    const shown = rows.slice(0, limit);
    return { items: shown.map((row) => ShareCount.of(row)), nextCursor: rows.length > limit ? shown.at(-1)!.cursor : null };
  }
}
