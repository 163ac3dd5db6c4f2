import { ApiProperty } from '@nestjs/swagger';
import { IdOf, LangQuery, OneOf } from '../http/query.js';
import { dirOf, LANGS, type Lang } from '../text/language.js';
import type { Mail } from '../mail/mail.js';

/** The letters that can be looked at before anybody gets one. */
const PREVIEWS = ['share', 'share_confirmation'] as const;
type Preview = (typeof PREVIEWS)[number];

export class PreviewMail extends LangQuery {
  @OneOf(PREVIEWS, { description: 'Which letter; left out: share.' })
  kind: Preview = 'share';

  @IdOf({ description: 'The article in it; left out: the newest.' })
  articleId?: number;
}

/** A letter as it would be sent, with sample names. */
export class MailPreview {
  @ApiProperty({ enum: PREVIEWS, example: 'share' })
  kind: Preview;

  @ApiProperty({ enum: LANGS, example: 'ar' })
  lang: Lang;

  @ApiProperty({ enum: ['rtl', 'ltr'], example: 'rtl' })
  dir: string;

  @ApiProperty({ example: 'مادة أُرسلت إليك: النقل العام في المدن' })
  subject: string;

  @ApiProperty({ description: 'A whole document.' })
  html: string;

  @ApiProperty()
  text: string;

  static of(kind: Preview, lang: Lang, { subject, html, text }: Mail): MailPreview {
    return { kind, lang, dir: dirOf(lang), subject, html, text };
  }
}
