import { ALEF_FEMININES, IRREGULAR, OWN_ARTICLE, OWN_LAM, TWO_LETTER_FEMININES, WHOLE } from './arabic-words.js';
import { fold, TOKEN } from './fold.js';

/**
 * The version of everything in this file, in arabic-words.ts and of {@link fold}. A change of any rule raises it: what was indexed under an older one
 * is made anew (search-index.service.ts).
 */
export const ANALYSER = 1;

/** A word of a text, as search knows it. */
export interface Token {
  /** Folded: see {@link fold}. */
  readonly word: string;
  /** What all forms of the word share: of Arabic words the light stem, else the word itself, which PostgreSQL's stemmers take further. */
  readonly stem: string;
  /** Keys of which a word and its broken plural share one, for when their stems find too little: see {@link skeletonsOf}. Empty of what is not Arabic. */
  readonly skeletons: readonly string[];
  readonly arabic: boolean;
  /** Where it stands in the text, in UTF-16 units; several tokens of one ligature stand in the same place. */
  readonly start: number;
  readonly end: number;
}

// What fold() leaves nothing of, and marks: they part no word.
const INVISIBLE = '\\u00AD\\u061C\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u2069\\uFEFF';
// Symbols too, for some hold letters: \u2116 is no, \uFDFC ريال.
const RUN = new RegExp(`[\\p{L}\\p{N}\\p{M}\\p{S}${INVISIBLE}]+`, 'gu');
/** A character with what belongs to it; folding it alone gives what it gives among the others. */
const PIECE = new RegExp(`[^][\\p{M}\\u0640${INVISIBLE}]*`, 'gu');
const INVISIBLE_END = new RegExp(`[${INVISIBLE}]+$`, 'u');
const ARABIC_WORD = /^\p{Script=Arabic}/u;

/**
 * The words of a text in order, the same as those of {@link words}, with their places: runs of Arabic letters, and runs of other letters and digits;
 * الـ18 gives ال and 18, كوفيد-19 كوفيد and 19. Marks, tatweel and invisible characters within and after a word's letters are in its place.
 */
export function analyse(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { 0: run, index: at } of text.matchAll(RUN)) {
    for (const token of analysed(run)) tokens.push({ ...token, start: at + token.start, end: at + token.end });
  }
  return tokens;
}

/** What a run of letters gives, with places in the run; texts repeat their words, and a word analysed once is looked up 5 times as fast. */
const known = new Map<string, readonly Token[]>();
const KNOWN = 20_000;

function analysed(run: string): readonly Token[] {
  const before = known.get(run);
  if (before !== undefined) return before;
  const found = tokensOf(run);
  if (known.size >= KNOWN) known.clear();
  // A long run is seen once.
  if (run.length <= 40) known.set(run, found);
  return found;
}

function tokensOf(run: string): Token[] {
  const folded = fold(run);
  const matches = [...folded.matchAll(TOKEN)];
  if (matches.length === 0) return [];
  // Most runs are one word from end to end.
  const whole = matches.length === 1 && matches[0]![0] === folded && !INVISIBLE_END.test(run.slice(0, 1));
  const places = whole ? null : placesIn(run);
  return matches.map(({ 0: word, index }) => {
    const start = places === null ? 0 : places[index]!.start;
    const end = places === null ? run.length : places[index + word.length - 1]!.end;
    const arabic = ARABIC_WORD.test(word);
    const shown = end - (INVISIBLE_END.exec(run.slice(start, end))?.[0].length ?? 0);
    return { word, stem: arabic ? stemOf(word) : word, skeletons: arabic ? skeletonsOf(word) : [], arabic, start, end: shown };
  });
}

/** Of each UTF-16 unit of the folded run, the piece of the run it comes from. */
function placesIn(run: string): { start: number; end: number }[] {
  return [...run.matchAll(PIECE)].flatMap(({ 0: piece, index: start }) =>
    Array.from({ length: fold(piece).length }, () => ({ start, end: start + piece.length })),
  );
}

const LAM = /^[وف]?ل(ل.{2,})$/u;
const ARTICLE = /^[وف]?[بك]?ال(?=.{2})/u;

/**
 * The stem of a folded Arabic word: without the article and what is written before it, and without endings, one after the other until none fits, so
 * that إيران، إيراني، الإيرانية come to one. Three letters stay (two of a word of two: الحق). A single و، ب، ل، ف، ك before a word is never taken off:
 * most often it is the word's own (وزير، بكين، لبنان), and a query asks for its words with and without one.
 */
export function stemOf(word: string): string {
  let stem = withoutArticle(word);
  for (let next = shorter(stem); next !== stem; next = shorter(stem)) stem = next;
  // Chinese and English names are written both ways: بيجينج، بيجينغ.
  return stem.replace(/(?<=..)نج$/u, 'نغ');
}

/**
 * What {@link stemOf} gives of the words of a stem where و، ف، ب، ل or ك is written before them: what a query asks for beside the stem. Some differ
 * from letter and stem, for a word's own letters are known by the whole word: وبيان.
 */
export function boundForms(stem: string): string[] {
  return [...'وفبلك'].flatMap((letter) => [...new Set([letter + stem, stemOf(letter + stem)])]);
}

function withoutArticle(word: string): string {
  if (OWN_ARTICLE.test(word)) return word;
  const lam = LAM.exec(word)?.[1];
  if (lam !== undefined) return OWN_LAM.test(lam) ? lam : lam.slice(1);
  return word.replace(ARTICLE, '');
}

const PRONOUN = 'هما|ها|هم|هن|نا|ه';
const TWO_LETTERS = new RegExp(`^(${TWO_LETTER_FEMININES.join('|')})(?:ات|ه|ت(?:${PRONOUN}|ي|ين|ان)|ات(?:${PRONOUN}|ي))$`, 'u');
const ALEF_T = new RegExp(`^((?:${ALEF_FEMININES.join('|')})ا)(?:ه|ت(?:${PRONOUN}|ي|ين|ان))$`, 'u');

/**
 * Words that keep their last letters by their pattern, with or without a letter before them: ميدان, مضمون (مفعال، مفعول with ن for last root letter),
 * تكوين, تصويت (تفعيل), قوانين (فواعيل), ولايـ(ة), whose rest would be another word; and إعلان, إيران, أديان (إفعال، أفعال), without, for كاتبان and كتابين are two.
 */
const KEPT = /^(?:ا..ان|[وفبل]?ت..ي[نت]|[وفبلك]?(?:م..[او]ن|.وا.ين|..اي))$/u;

/** قضايا, هدايا: only words on ـيّة have this plural. */
const FA3AYA = /^([وفبلك]?..)ايا$/u;

/** Endings, the longest first, with the letters that must stay before them. */
const ENDINGS = new RegExp(
  [
    // The ت of the plural stays for the next round, for it may be the word's own: أوقاتها.
    `(?<=.ات)(?:${PRONOUN}|ي)`,
    // ة before a pronoun or another ending.
    '(?<=..[^ا])ت(?:هما|ها|هم|هن|نا|كم|ين|ان|ه|ي)',
    // هم and نا may be a word's own letters more often than a pronoun after short words.
    '(?<=...)هما|(?<=..)ها|(?<=...)هم|(?<=....)هن|(?<=...[^اوي])نا',
    // كتبوا. The plural before another noun, مسؤولو, only of participles and relations: راديو، يونيو have a و of their own.
    '(?<=...)وا|(?<=^م.{3,})و|(?<=^.ا.[^ي])و|(?<=...ي)و',
    '(?<=...)(?:ات|ون|ين|ان|ه|ي|ا)',
    // Past verbs: أعلنت، طالبت، كتبت; after a long vowel it is the word's own: بيروت، تصويت.
    '(?<=....)(?<![اوي])ت|(?<=^[^متياو][^اوي][^اوي])ت',
  ]
    .map((ending) => `(?:${ending})`)
    .join('|')
    .replace(/^(.*)$/u, '(?:$1)$'),
  'u',
);
const SUFFIXES = new Set('ه ها هم هما هن نا ا ات ي يه ان ين ون تين'.split(' '));

function kept(word: string): boolean {
  return WHOLE.has(word) || KEPT.test(word);
}

/** @returns the word without its last ending; itself where it has none */
function shorter(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  const short = TWO_LETTERS.exec(word)?.[1];
  if (short !== undefined) return `${short}ه`;
  const alef = ALEF_T.exec(word)?.[1];
  if (alef !== undefined) return alef;
  const plural = FA3AYA.exec(word)?.[1];
  if (plural !== undefined) return `${plural}ي`;
  if (kept(word)) return word;
  for (let length = 1; length <= 3; length += 1) {
    const rest = word.slice(0, -length);
    if (kept(rest) && SUFFIXES.has(word.slice(-length))) return rest;
  }
  return word.replace(ENDINGS, '');
}

/**
 * Keys that a word shares with its broken plurals, by the patterns both may have; empty of a stem of none of them.
 *
 * Three root letters make a key of فَعل، فِعال with فعول، أفعال، أفعلة; one of فعيل with فعلاء، أفعلاء، فعال; one of فعالة، فعيلة with فعائل; one of فاعل with فواعل،
 * فُعّال، فعلاء. Four make one of مفعل with مفاعل and one, for the long vowel, of مفعول with مفاعيل. So علم has أعلام and علوم, عالم has علماء, and علم and عالم
 * do not meet.
 */
export function skeletonsOf(word: string): readonly string[] {
  const stem = stemOf(word);
  const base = withoutArticle(word);
  const ending = base.startsWith(stem) ? base.slice(stem.length) : '';
  // Relations, حزبي، عملية, have no broken plurals, but their stems do. أغذية and فتوى only look like them.
  if (/^[^ا].[^و]$/u.test(stem) && ending.startsWith('ي')) return [];
  const form = /^(?:ه|ا?ت)/u.test(ending) ? `${stem}ة` : stem;
  const [pattern, keys] = PATTERNS.find(([pattern]) => pattern.test(form)) ?? [];
  return pattern === undefined ? [] : keys!.map((key) => form.replace(pattern, key));
}

/** How a stem may look, with ة where the word is a feminine, and the keys of the first that fits: $1, $2, $3 are root letters. */
const PATTERNS: readonly (readonly [pattern: RegExp, keys: readonly string[]])[] = [
  // خط، خطوط; خطة، خطط
  [/^(.)(.)ه?$/u, ['$1$2$2']],
  // باب، أبواب; ناب، أنياب
  [/^(.)ا(.)ة?$/u, ['$1و$2', '$1ي$2']],
  // نبأ، أنباء
  [/^(.)(.)ا$/u, ['$1$2ء']],
  // أغذية, of which the stem is اغذ; أمر
  [/^ا(.)(.)ة?$/u, ['ا$1$2', '$1$2ء']],
  [/^(.)(.)(.)ة?$/u, ['$1$2$3']],
  // نائب، نواب; سائح، سياح
  [/^(.)اء(.)ة?$/u, ['$1اء$2', '$1او$2', '$1اي$2']],
  [/^(.)ا(.)(.)ة?$/u, ['$1ا$2$3']],
  // رسالة، رسائل
  [/^(.)(.)[او](.)ة$/u, ['$1$2اء$3']],
  // كتاب، كتب; or the plural of رجل, of كبير, of كاتب
  [/^(.)(.)ا(.)$/u, ['$1$2$3', '$1$2ي$3', '$1ا$2$3']],
  // بحوث; جدول، جداول
  [/^(.)(.)و(.)$/u, ['$1$2$3', '$1$2و$3']],
  // سفينة، سفن; كتيبة، كتائب
  [/^(.)(.)ي(.)ة$/u, ['$1$2$3', '$1$2اء$3']],
  // سفير، سفراء; دليل، دلائل
  [/^(.)(.)ي(.)$/u, ['$1$2ي$3', '$1$2اء$3']],
  // أجهزة، جهاز; أرصدة، رصيد
  [/^ا(.)(.)(.)ة$/u, ['$1$2$3', '$1$2ي$3']],
  // أشهر، شهر; إصبع، أصابع
  [/^ا(.)(.)(.)$/u, ['$1$2$3', 'ا$1$2$3']],
  [/^(.)(.)(.)(.)ة?$/u, ['$1$2$3$4']],
  // أجزاء، جزء; أعضاء، عضو; أطباء، طبيب; أمراء، أمير
  [/^ا(.)(.)اء$/u, ['$1$2ء', '$1$2و', '$1$2ي$2', 'ا$1ي$2']],
  [/^ا(.)(.)ا(.)$/u, ['$1$2$3']],
  // رؤساء، رئيس; شعراء، شاعر
  [/^(.)(.)(.)اء$/u, ['$1$2ي$3', '$1ا$2$3']],
  // طوائف، طائفة
  [/^(.)واء(.)$/u, ['$1اء$2']],
  // شوارع، شارع; مواقع، موقع
  [/^(.)وا(.)(.)$/u, ['$1ا$2$3', '$1و$2$3']],
  // رسائل
  [/^(.)(.)اء(.)$/u, ['$1$2اء$3']],
  // مراكز، مركز
  [/^(.)(.)ا(.)(.)ة?$/u, ['$1$2$3$4']],
  // صاروخ، صواريخ
  [/^(.)ا(.)[وي](.)ة?$/u, ['$1ا$2ي$3']],
  // مشروع، مشاريع
  [/^(.)(.)(.)[اوي](.)ة?$/u, ['$1$2$3ي$4']],
  // أصدقاء، صديق; أنبياء، نبي
  [/^ا(.)(.)ياء$/u, ['$1$2ي']],
  [/^ا(.)(.)(.)اء$/u, ['$1$2ي$3']],
  // صواريخ، مواعيد
  [/^(.)وا(.)ي(.)$/u, ['$1ا$2ي$3', '$1و$2ي$3', '$1و$2$3']],
  [/^(.)(.)ا(.)ي(.)$/u, ['$1$2$3ي$4']],
];
