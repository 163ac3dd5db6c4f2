import type { Lang } from '../text/language.js';

interface Common {
  /** Where an answer would go. */
  readonly silent: string;
  /** What is kept of an address that is no longer kept: why, and for how long. */
  readonly trace: string;
  readonly optOut: string;
}

/** What the letters to friends and those that ask their senders both say. */
export const COMMON: Readonly<Record<Lang, Common>> = {
  ar: {
    silent: 'الردود على هذه الرسالة لا تصل إلى أحد.',
    trace: 'تبقى منه بصمة مشفرة مدة 90 يومًا، حتى لا تكثر عليك مثل هذه الرسائل.',
    optOut: 'لا ترسلوا إليّ مثل هذه الرسائل بعد الآن',
  },
  en: {
    silent: 'Replies to this letter reach nobody.',
    trace: 'A keyed fingerprint of it stays for 90 days, so that you do not get too many such letters.',
    optOut: 'Never send me such letters again',
  },
  fr: {
    silent: 'Les réponses à ce message ne parviennent à personne.',
    trace: 'Il en reste pendant 90 jours une empreinte chiffrée, pour que vous ne receviez pas trop de messages de ce genre.',
    optOut: 'Ne plus jamais m’envoyer de tels messages',
  },
};
