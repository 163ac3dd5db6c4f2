import { inLang, letter, phrase, quoted, type Letterhead } from '../mail/letter.js';
import type { Mail } from '../mail/mail.js';
import type { Lang } from '../text/language.js';

/** What each of these letters names. `lang` is the recipient's. */
interface About {
  readonly lang: Lang;
  readonly center: Letterhead;
  readonly title: string;
  /** Of the title. */
  readonly titleLang: Lang;
  /** Who did it; null for Markaz itself. */
  readonly by: string | null;
}

const SOMEBODY: Record<Lang, string> = { ar: 'مركز', en: 'Markaz', fr: 'Markaz' };

/** To those who may review it. */
export function submittedMail({ lang, center, title, titleLang, by }: About): Mail {
  const who = by ?? SOMEBODY[lang];
  const piece = inLang(title, titleLang);
  return letter({
    lang,
    center,
    ...{
      ar: { subject: `للمراجعة: ${title}`, paragraphs: [phrase`قدّم ${who} مادة «${piece}» للمراجعة.`] },
      en: { subject: `For review: ${title}`, paragraphs: [phrase`${who} submitted “${piece}” for review.`] },
      fr: { subject: `À relire : ${title}`, paragraphs: [phrase`${who} a soumis « ${piece} » à relecture.`] },
    }[lang],
  });
}

/** To the author. @param comment what has to be done */
export function returnedMail({ lang, center, title, titleLang, by }: About, comment: string): Mail {
  const who = by ?? SOMEBODY[lang];
  const piece = inLang(title, titleLang);
  return letter({
    lang,
    center,
    ...{
      ar: { subject: `أُعيدت: ${title}`, paragraphs: [phrase`أعاد ${who} مادتك «${piece}» مع هذه الملاحظات:`, quoted(comment)] },
      en: { subject: `Returned: ${title}`, paragraphs: [phrase`${who} returned “${piece}” with this comment:`, quoted(comment)] },
      fr: {
        subject: `Renvoyé : ${title}`,
        paragraphs: [phrase`${who} vous a renvoyé « ${piece} » avec ce commentaire :`, quoted(comment)],
      },
    }[lang],
  });
}

/** To the author. */
export function approvedMail({ lang, center, title, titleLang, by }: About): Mail {
  const who = by ?? SOMEBODY[lang];
  const piece = inLang(title, titleLang);
  return letter({
    lang,
    center,
    ...{
      ar: { subject: `اعتُمدت: ${title}`, paragraphs: [phrase`اعتمد ${who} مادتك «${piece}».`] },
      en: { subject: `Approved: ${title}`, paragraphs: [phrase`${who} approved “${piece}”.`] },
      fr: { subject: `Approuvé : ${title}`, paragraphs: [phrase`${who} a approuvé « ${piece} ».`] },
    }[lang],
  });
}

/** To whoever scheduled it, and to the author. @param fields what was missing, as the API names it */
export function scheduleFailedMail({ lang, center, title, titleLang }: About, fields: readonly string[]): Mail {
  const missing = fields.join(', ');
  const piece = inLang(title, titleLang);
  return letter({
    lang,
    center,
    ...{
      ar: {
        subject: `لم تُنشر في موعدها: ${title}`,
        paragraphs: [
          phrase`حلّ موعد نشر «${piece}»، ولم يمكن نشرها.`,
          ...(missing === '' ? [] : [phrase`السبب في: ${missing}.`]),
          'بقيت المادة معتمدة، ويمكن تحديد موعد آخر لها.',
        ],
      },
      en: {
        subject: `Not published on time: ${title}`,
        paragraphs: [
          phrase`“${piece}” was due and could not be published.`,
          ...(missing === '' ? [] : [phrase`The reason lies in: ${missing}.`]),
          'It stays approved and can be scheduled again.',
        ],
      },
      fr: {
        subject: `Non publié à l’heure : ${title}`,
        paragraphs: [
          phrase`« ${piece} » devait paraître et n’a pas pu être publié.`,
          ...(missing === '' ? [] : [phrase`La raison se trouve dans : ${missing}.`]),
          'Il reste approuvé et peut être programmé à nouveau.',
        ],
      },
    }[lang],
  });
}
