import type { Lang } from '../text/language.js';
import type { Level } from './poll.entity.js';

/** What a level is called. */
export const LEVEL_NAMES: Readonly<Record<Level, Readonly<Record<Lang, string>>>> = {
  0: { ar: 'نبض', en: 'pulse', fr: 'pouls' },
  1: { ar: 'معياري', en: 'standard', fr: 'standard' },
  3: { ar: 'مؤكَّد', en: 'confirmed', fr: 'confirmé' },
};

const READER_POLL: Readonly<Record<Lang, string>> = {
  ar: 'هذا استطلاع بين القراء وليس مسحًا إحصائيًّا: يُظهر رأي من اختاروا أن يجيبوا، ولا يمثل غيرهم.',
  en: 'This is a reader poll and not a survey: it shows the opinion of those who chose to answer and speaks for nobody else.',
  fr: 'Ceci est une consultation des lecteurs et non un sondage : elle montre l’avis de ceux qui ont choisi de répondre et ne représente personne d’autre.',
};

/** For each level: what was asked of a reader, and what that does not stop. */
const CHECKS: Readonly<Record<Level, Readonly<Record<Lang, string>>>> = {
  0: {
    ar: 'درجة التحقق 0 (نبض): صوت واحد لكل متصفح، ولا تحقق بعد ذلك؛ فمن فتح متصفحًا آخر أو مسح ملفات الارتباط أمكنه أن يصوّت ثانية.',
    en: 'Check level 0 (pulse): one vote per browser and no further check, so whoever opens another browser or clears its cookies can vote again.',
    fr: 'Niveau de contrôle 0 (pouls) : un vote par navigateur, sans autre contrôle ; qui ouvre un autre navigateur ou efface ses cookies peut voter de nouveau.',
  },
  1: {
    ar: 'درجة التحقق 1 (معياري): صوت واحد لكل متصفح، مع عملية حسابية تجعل التصويت الآلي مكلفًا؛ ولا يمنع ذلك من يصوّت من عدة متصفحات أو عناوين.',
    en: 'Check level 1 (standard): one vote per browser, with a computation that makes automated voting costly; it does not stop somebody who votes from several browsers or addresses.',
    fr: 'Niveau de contrôle 1 (standard) : un vote par navigateur, avec un calcul qui rend le vote automatisé coûteux ; cela n’arrête pas qui vote depuis plusieurs navigateurs ou adresses.',
  },
  3: {
    ar: 'درجة التحقق 3 (مؤكَّد): صوت واحد لكل عنوان بريد، يُحتسب بعد تأكيده من رسالة؛ ولا يمنع ذلك من يملك عدة عناوين.',
    en: 'Check level 3 (confirmed): one vote per mail address, counted once it is confirmed from a letter; it does not stop somebody who has several addresses.',
    fr: 'Niveau de contrôle 3 (confirmé) : un vote par adresse électronique, compté une fois confirmé depuis un message ; cela n’arrête pas qui possède plusieurs adresses.',
  },
};

const REVIEW: Readonly<Record<Lang, string>> = {
  ar: 'الأصوات الكثيرة الآتية من شبكة واحدة تُراجع قبل احتسابها، ولا تُزال أصوات إلا بسبب معلن.',
  en: 'Many votes from one network are reviewed before they count, and votes are removed only for a reason that is shown.',
  fr: 'Les votes nombreux venus d’un même réseau sont examinés avant d’être comptés, et aucun vote n’est retiré sans motif affiché.',
};

const SHARES: Readonly<Record<Lang, (max: number) => string>> = {
  ar: (max) => `يمكن لكل صوت أن يختار أكثر من إجابة (${max} على الأكثر)، والنسب من عدد الأصوات، فقد يزيد مجموعها على 100%.`,
  en: (max) =>
    `Each vote may choose several answers (${max} at most); shares are of the number of votes, so together they may exceed 100%.`,
  fr: (max) =>
    `Chaque vote peut choisir plusieurs réponses (${max} au plus) ; les parts se rapportent au nombre de votes, leur somme peut donc dépasser 100 %.`,
};

/** The honest note that goes with every poll and all its results: what kind of number this is, and how strong the check was. */
export function methodNote(level: Level, maxChoices: number, lang: Lang): string {
  return [READER_POLL[lang], CHECKS[level][lang], REVIEW[lang], ...(maxChoices > 1 ? [SHARES[lang](maxChoices)] : [])].join(' ');
}
