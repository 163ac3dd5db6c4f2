import type { Lang } from '../text/language.js';

/** What table and chart call the parts of results. */
interface ResultWords {
  readonly item: string;
  readonly text: string;
  readonly language: string;
  readonly ballots: string;
  readonly share: string;
  readonly time: string;
  readonly question: string;
  readonly option: string;
  readonly total: string;
  readonly underReview: string;
  readonly removed: string;
  readonly removedBecause: string;
  readonly level: string;
  readonly state: string;
  readonly states: Readonly<Record<'open' | 'closed' | 'archived', string>>;
  readonly opened: string;
  readonly closes: string;
  readonly closed: string;
  readonly counted: string;
  readonly method: string;
}

export const RESULT_WORDS: Readonly<Record<Lang, ResultWords>> = {
  ar: {
    item: 'البيان',
    text: 'النص',
    language: 'اللغة',
    ballots: 'الأصوات',
    share: 'النسبة',
    time: 'الوقت',
    question: 'السؤال',
    option: 'إجابة',
    total: 'الأصوات المحتسبة',
    underReview: 'قيد المراجعة',
    removed: 'أصوات أُزيلت',
    removedBecause: 'أُزيلت بسبب',
    level: 'درجة التحقق',
    state: 'الحالة',
    states: { open: 'مفتوح', closed: 'مغلق', archived: 'في الأرشيف' },
    opened: 'فُتح',
    closes: 'يُغلق',
    closed: 'أُغلق',
    counted: 'العدّ حتى',
    method: 'عن هذا الاستطلاع',
  },
  en: {
    item: 'Item',
    text: 'Text',
    language: 'Language',
    ballots: 'Votes',
    share: 'Share',
    time: 'Time',
    question: 'Question',
    option: 'Answer',
    total: 'Counted votes',
    underReview: 'Under review',
    removed: 'Removed votes',
    removedBecause: 'Removed because',
    level: 'Check level',
    state: 'State',
    states: { open: 'open', closed: 'closed', archived: 'archived' },
    opened: 'Opened',
    closes: 'Closes',
    closed: 'Closed',
    counted: 'Counted',
    method: 'About this poll',
  },
  fr: {
    item: 'Élément',
    text: 'Texte',
    language: 'Langue',
    ballots: 'Votes',
    share: 'Part',
    time: 'Moment',
    question: 'Question',
    option: 'Réponse',
    total: 'Votes comptés',
    underReview: 'En cours d’examen',
    removed: 'Votes retirés',
    removedBecause: 'Retirés parce que',
    level: 'Niveau de contrôle',
    state: 'État',
    states: { open: 'ouvert', closed: 'clos', archived: 'archivé' },
    opened: 'Ouverture',
    closes: 'Fermeture',
    closed: 'Fermeture',
    counted: 'Compté le',
    method: 'À propos de cette consultation',
  },
};
