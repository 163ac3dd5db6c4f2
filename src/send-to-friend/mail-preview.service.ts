import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import { HomeLanguage, NotFound } from '../http/problem.js';
import { MailRoom } from '../mail/mail-room.service.js';
import type { Lang } from '../text/language.js';
import { MailPreview, type PreviewMail } from './mail-preview.dto.js';
import { Pieces } from './pieces.service.js';
import { shareConfirmationMail } from './share-confirmation.mail.js';
import { shareMail } from './share.mail.js';

/** Names that nobody takes for a person's. */
const SAMPLE: Record<Lang, { readonly senderName: string; readonly message: string }> = {
  ar: { senderName: 'اسم المرسل', message: 'هنا ما يكتبه المرسل، إن كتب شيئًا.' },
  en: { senderName: 'Sender’s name', message: 'Here stands what the sender wrote, if anything.' },
  fr: { senderName: 'Nom de l’expéditeur', message: 'Ici se trouve ce que l’expéditeur a écrit, le cas échéant.' },
};

/** Letters of this room as they would be sent, for the desk to look at. Nothing is sent. */
@Injectable()
export class MailPreviews {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mailRoom: MailRoom,
    private readonly pieces: Pieces,
    private readonly addresses: Addresses,
    private readonly home: HomeLanguage,
  ) {}

  /** @throws NotFound where there is no public article to show */
  async find({ kind, lang: asked, articleId }: PreviewMail): Promise<MailPreview> {
    const lang = asked ?? this.home.lang;
    const { manager } = this.dataSource;
    const center = await this.mailRoom.letterhead(manager, lang);
    // Tokens of nobody, refused by both pages.
    const optOut = `${this.addresses.origin}/mail/opt-out/${'0'.repeat(22)}`;
    if (kind === 'share_confirmation') {
      const href = `${this.addresses.origin}/shares/confirm/${'0'.repeat(22)}?lang=${lang}`;
      return MailPreview.of(kind, lang, shareConfirmationMail({ lang, center, href, optOut }));
    }
    const piece = articleId === undefined ? await this.pieces.newest(manager) : await this.pieces.find(manager, articleId);
    if (piece === null) throw new NotFound();
    return MailPreview.of(kind, lang, shareMail({ lang, center, piece, ...SAMPLE[lang], replies: true, optOut }));
  }
}
