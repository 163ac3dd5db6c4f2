import { letter, ltr, phrase, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';

/** Whom the mail is for. */
export interface Addressee {
  readonly name: string;
  readonly email: string;
  readonly lang: Lang;
}

/** To a new editor: the way in. */
export function invitationMail({ name, email, lang }: Addressee, center: Letterhead, href: string): Mail {
  const words = {
    ar: {
      subject: `دعوة إلى مكتب التحرير في ${center.name}`,
      paragraphs: [phrase`مرحبًا ${name}،`, phrase`دُعيت إلى مكتب التحرير في ${center.name}. ستسجل الدخول بهذا العنوان: ${ltr(email)}.`],
      label: 'اختيار كلمة السر',
      closing: 'يعمل الرابط سبعة أيام، ومرة واحدة. إن لم تنتظر هذه الدعوة فلا تفعل شيئًا.',
    },
    en: {
      subject: `Your invitation to the editors’ desk of ${center.name}`,
      paragraphs: [
        phrase`Hello ${name},`,
        phrase`You have been invited to the editors’ desk of ${center.name}. You will sign in with this address: ${ltr(email)}.`,
      ],
      label: 'Choose a password',
      closing: 'The link works for seven days, and once. If you did not expect this invitation, do nothing.',
    },
    fr: {
      subject: `Votre invitation à la rédaction de ${center.name}`,
      paragraphs: [
        phrase`Bonjour ${name},`,
        phrase`Vous êtes invité à la rédaction de ${center.name}. Vous vous connecterez avec cette adresse : ${ltr(email)}.`,
      ],
      label: 'Choisir un mot de passe',
      closing: 'Le lien fonctionne sept jours, et une seule fois. Si vous n’attendiez pas cette invitation, ne faites rien.',
    },
  }[lang];
  return letter({ lang, center, ...words, action: { label: words.label, href } });
}

/** To an editor who has forgotten the password, or of whom somebody says so. */
export function resetMail({ name, lang }: Addressee, center: Letterhead, href: string): Mail {
  const words = {
    ar: {
      subject: 'كلمة سر جديدة',
      paragraphs: [phrase`مرحبًا ${name}،`, 'طلب أحدهم كلمة سر جديدة لحسابك في مكتب التحرير. إن كنت أنت فاخترها من هنا:'],
      label: 'اختيار كلمة سر جديدة',
      closing: 'يعمل الرابط نصف ساعة، ومرة واحدة. إن لم تطلبه فلا تفعل شيئًا: تبقى كلمة السر كما هي.',
    },
    en: {
      subject: 'A new password',
      paragraphs: [
        phrase`Hello ${name},`,
        'Somebody asked for a new password for your account at the editors’ desk. If it was you, choose it here:',
      ],
      label: 'Choose a new password',
      closing: 'The link works for half an hour, and once. If you did not ask for it, do nothing: your password stays as it is.',
    },
    fr: {
      subject: 'Un nouveau mot de passe',
      paragraphs: [
        phrase`Bonjour ${name},`,
        'Quelqu’un a demandé un nouveau mot de passe pour votre compte à la rédaction. Si c’était vous, choisissez-le ici :',
      ],
      label: 'Choisir un nouveau mot de passe',
      closing:
        'Le lien fonctionne une demi-heure, et une seule fois. Si vous ne l’avez pas demandé, ne faites rien : votre mot de passe reste le même.',
    },
  }[lang];
  return letter({ lang, center, ...words, action: { label: words.label, href } });
}

/** After each change, so that one which the editor did not make does not pass unseen (ASVS 6.3.7). */
export function passwordChangedMail({ name, lang }: Addressee, center: Letterhead): Mail {
  const words = {
    ar: {
      subject: 'حُددت كلمة السر',
      paragraphs: [phrase`مرحبًا ${name}،`, 'حُددت كلمة سر لحسابك في مكتب التحرير، وانتهت كل جلساته السابقة.'],
      closing: 'إن لم تفعل ذلك أنت، فاطلب كلمة سر جديدة من صفحة الدخول وأخبر مديري الموقع فورًا.',
    },
    en: {
      subject: 'Your password was set',
      paragraphs: [
        phrase`Hello ${name},`,
        'A password was set for your account at the editors’ desk, and all its earlier sessions have ended.',
      ],
      closing: 'If this was not you, ask for a new password at the sign-in page and tell the site’s administrators at once.',
    },
    fr: {
      subject: 'Votre mot de passe a été défini',
      paragraphs: [
        phrase`Bonjour ${name},`,
        'Un mot de passe a été défini pour votre compte à la rédaction, et toutes ses sessions antérieures ont pris fin.',
      ],
      closing:
        'Si ce n’était pas vous, demandez un nouveau mot de passe à la page de connexion et prévenez aussitôt les administrateurs du site.',
    },
  }[lang];
  return letter({ lang, center, ...words });
}
