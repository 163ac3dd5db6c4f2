import { letter, phrase, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Addressee } from './password.mail.js';

/**
 * To an editor's old address: whoever takes over an account changes its address first, so its owner has to hear of it (ASVS 6.3.7). The new
 * address is not told: the old one may be another's by now.
 */
export function addressChangedMail({ name, lang }: Pick<Addressee, 'name' | 'lang'>, center: Letterhead): Mail {
  const words = {
    ar: {
      subject: 'تغيّر عنوان حسابك',
      paragraphs: [
        phrase`مرحبًا ${name}،`,
        'غيّر أحد مديري الموقع العنوان الذي تسجل به الدخول إلى مكتب التحرير، وانتهت كل جلسات حسابك. هذه آخر رسالة إلى هذا العنوان.',
      ],
      closing: 'إن لم تطلب ذلك ولم تنتظره، فأخبر مديري الموقع فورًا.',
    },
    en: {
      subject: 'The address of your account was changed',
      paragraphs: [
        phrase`Hello ${name},`,
        'An administrator has changed the address with which you sign in at the editors’ desk, and all sessions of your account have ended. This is the last mail to this address.',
      ],
      closing: 'If you neither asked for this nor expected it, tell the site’s administrators at once.',
    },
    fr: {
      subject: 'L’adresse de votre compte a été modifiée',
      paragraphs: [
        phrase`Bonjour ${name},`,
        'Un administrateur a modifié l’adresse avec laquelle vous vous connectez à la rédaction, et toutes les sessions de votre compte ont pris fin. Ceci est le dernier message à cette adresse.',
      ],
      closing: 'Si vous ne l’avez ni demandé ni attendu, prévenez aussitôt les administrateurs du site.',
    },
  }[lang];
  return letter({ lang, center, ...words });
}
