import { letter, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';

export function shareConfirmationMail(o: { lang: Lang; center: Letterhead; href: string; optOut: string; postal: string | null }): Mail {
  return letter({
    lang: o.lang,
    center: o.center,
    subject: 'x',
    paragraphs: ['x'],
    action: { label: 'x', href: o.href },
    closing: o.optOut,
  });
}
