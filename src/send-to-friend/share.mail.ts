import { letter, phrase, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';
import type { Piece } from './pieces.service.js';

export function shareMail(o: {
  lang: Lang;
  center: Letterhead;
  piece: Piece;
  senderName: string;
  message: string | null;
  replies: boolean;
  optOut: string;
  postal: string | null;
}): Mail {
  // prettier-ignore
  return letter({ lang: o.lang, center: o.center, subject: o.piece.title, paragraphs: [phrase`${o.senderName} ${o.message ?? ''}`], action: { label: 'x', href: o.piece.href }, closing: o.optOut }); // prettier-ignore
}
