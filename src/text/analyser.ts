import { ALEF_FEMININES, IRREGULAR, OWN_ARTICLE, OWN_LAM, TWO_LETTER_FEMININES, WHOLE } from './arabic-words.js';
import { fold, TOKEN } from './fold.js';

/**
 * The version of everything in this file, in arabic-words.ts and of {@link fold}, and of what the index holds beside words. A change of any rule raises it: what was indexed under an older one
 * is made anew (search-index.service.ts).
 */
export const ANALYSER = 2;

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
const IS_INVISIBLE = new RegExp(`^[${INVISIBLE}]`, 'u');
const ARABIC_WORD = /^\p{Script=Arabic}/u;

/**
 * The words of a text in order, the same as those of {@link words}, with their places: runs of Arabic letters, and runs of other letters and digits;
 * الـ18 gives ال and 18, كوفيد-19 كوفيد and 19. Marks, tatweel and invisible characters within and after a word's letters are in its place.
 */
export function analyse(text: string): Token[] {
  return [...tokensIn(text)];
}

/** {@link analyse} one after the other, for who stops early. */
export function* tokensIn(text: string): Generator<Token> {
  for (const { 0: run, index: at } of text.matchAll(RUN)) {
    for (const { word, stem, skeletons, arabic, start, end } of analysed(run))
      yield { word, stem, skeletons, arabic, start: at + start, end: at + end };
  }
}

/** What a run of letters gives, with places in the run; texts repeat their words, and a word analysed once is looked up 5 times as fast. */
const known = new Map<string, readonly Token[]>();
/** More than the forms of an archive's usual words; 20 MB. */
const KNOWN = 60_000;

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
  // Most runs are one word from end to end.
  const whole = folded.match(TOKEN)?.[0] === folded && !IS_INVISIBLE.test(run);
  if (whole) return [tokenOf(folded, 0, visible(run))];
  const places = placesIn(run);
  return [...folded.matchAll(TOKEN)].map(({ 0: word, index }) => {
    const { start } = places[index]!;
    return tokenOf(word, start, start + visible(run.slice(start, places[index + word.length - 1]!.end)));
  });
}

function tokenOf(word: string, start: number, end: number): Token {
  const arabic = ARABIC_WORD.test(word);
  const stem = arabic ? stemOf(word) : word;
  return { word, stem, skeletons: arabic ? skeletonsOf(word, stem) : [], arabic, start, end };
}

/** The length of what is written, without marks of direction after it. */
function visible(written: string): number {
  let end = written.length;
  while (IS_INVISIBLE.test(written.charAt(end - 1))) end -= 1;
  return end;
}

/** Of each UTF-16 unit of the folded run, the piece of the run it comes from. */
function placesIn(run: string): { start: number; end: number }[] {
  return [...run.matchAll(PIECE)].flatMap(({ 0: piece, index: start }) =>
    Array.from({ length: fold(piece).length }, () => ({ start, end: start + piece.length })),
  );
}

const LAM = /^[وف]?ل(ل.{2,})$/u;
const ARTICLE = /^[وف]?[بك]?ال(?=.{2})/u;

/** No Arabic word has so many letters; a longer run of them stays as it is, for cutting it takes time that grows with the square of its length. */
const LONGEST_WORD = 40;

/**
 * The stem of a folded Arabic word: without the article and what is written before it, and without endings, one after the other until none fits, so
 * that إيران، إيراني، الإيرانية come to one. Three letters stay (two of a word of two: الحق). A single و، ب، ل، ف، ك before a word is never taken off:
 * most often it is the word's own (وزير، بكين، لبنان), and a query asks for its words with and without one.
 */
export function stemOf(word: string): string {
  if (word.length > LONGEST_WORD) return word;
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

const PRONOUNS = ['هما', 'ها', 'هم', 'هن', 'نا', 'ه', 'ي'];

/** Endings, and what must stand before them for them to be one. */
const ENDINGS: ReadonlyMap<string, (rest: string) => boolean> = new Map([
  ...['ات', 'ون', 'ين', 'ان', 'ه', 'ي', 'ا', 'هم', 'هما'].map((ending) => [ending, (rest: string) => rest.length >= 3] as const),
  // Hardly a word ends so by itself: حقها.
  ['ها', (rest) => rest.length >= 2],
  // هن and نا are a word's own letters (برهن), or its own ن and the ا of the adverb (قانونا), more often than a pronoun after short words and long vowels.
  ['هن', (rest) => rest.length >= 4 || PLURAL.test(rest)],
  ['نا', (rest) => /...[^اوي]$/u.test(rest) || PLURAL.test(rest)],
  // ة before another ending. After ا the ت stays for the next round, for it may be the word's own: أوقاتها.
  ...[...PRONOUNS, 'كم', 'ين', 'ان'].map((ending) => [`ت${ending}`, (rest: string) => /..[^ا]$/u.test(rest)] as const),
  // كتبوا
  ['وا', (rest) => rest.length >= 3],
  // The plural before another noun, مسؤولو, only of participles and relations: other words on و are loans.
  ['و', (rest) => /^م.{3}|^.ا.[^ي]$|...ي$/u.test(rest)],
  // Past verbs: أعلنت، كتبت. After a long vowel the ت is the word's own: بيروت، تصويت.
  ['ت', (rest) => /...[^اوي]$|^[^متياو][^اوي][^اوي]$/u.test(rest)],
]);
const LONGEST_ENDING = 4;
const PLURAL = /.ات$/u;

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
  const endings = Array.from({ length: Math.min(LONGEST_ENDING, word.length - 2) }, (_, index) => word.length - 1 - index);
  // The word's own letters first: لبناني is not لبنا and ني.
  const own = endings.find((at) => ENDINGS.has(word.slice(at)) && kept(word.slice(0, at)));
  const longest = own ?? endings.findLast((at) => ENDINGS.get(word.slice(at))?.(word.slice(0, at)));
  return longest === undefined ? word : word.slice(0, longest);
}

/**
 * Keys that a word shares with its broken plurals, by the patterns both may have; empty of a stem of none of them.
 *
 * Three root letters make a key of فَعل، فِعال with فعول، أفعال، أفعلة; one of فعيل with فعلاء، أفعلاء، فعال; one of فعالة، فعيلة with فعائل; one of فاعل with فواعل،
 * فُعّال، فعلاء. Four make one of مفعل with مفاعل and one, for the long vowel, of مفعول with مفاعيل. So علم has أعلام and علوم, عالم has علماء, and علم and عالم
 * do not meet.
 */
export function skeletonsOf(word: string, stem = stemOf(word)): readonly string[] {
  const base = withoutArticle(word);
  const ending = base.startsWith(stem) ? base.slice(stem.length) : '';
  // Relations, حزبي، عملية, have no broken plurals, but their stems do. أغذية and فتوى only look like them.
  if (/^[^ا].[^و]$/u.test(stem) && ending.startsWith('ي')) return [];
  const feminine = /^(?:ه|ا?ت)/u.test(ending);
  const form = feminine && PATTERNS.some(([shape]) => fits(`${stem}ة`, shape)) ? `${stem}ة` : stem;
  const [pattern, keys] = PATTERNS.find(([shape]) => fits(form, shape)) ?? ['', []];
  return keys.map((key) => key.replace(/[1-4]/g, (root) => form[pattern.indexOf(root)]!));
}

function fits(form: string, pattern: string): boolean {
  if (form.length !== pattern.length) return false;
  return [...pattern].every((letter, at) => (/[1-4]/.test(letter) ? form[at] !== 'ة' : form[at] === letter));
}

/** How a stem may look, with ة where only a feminine does, and the keys of the first that fits; digits are root letters. */
const PATTERNS: readonly (readonly [pattern: string, keys: readonly string[]])[] = [
  // خط، خطوط; خطة، خطط
  ['12ه', ['122']],
  ['12', ['122']],
  // باب، أبواب; ناب، أنياب
  ['1ا2', ['1و2', '1ي2']],
  // نبأ، أنباء
  ['12ا', ['12ء']],
  // أغذية, of which the stem is اغذ; أمر
  ['ا12', ['ا12', '12ء']],
  ['123', ['123']],
  // نائب، نواب; سائح، سياح
  ['1اء2', ['1اء2', '1او2', '1اي2']],
  ['1ا23', ['1ا23']],
  // رسالة، رسائل
  ['12ا3ة', ['12اء3']],
  ['12و3ة', ['12اء3']],
  // كتاب، كتب; or the plural of رجل, of كبير, of كاتب
  ['12ا3', ['123', '12ي3', '1ا23']],
  // بحوث; جدول، جداول
  ['12و3', ['123', '12و3']],
  // سفينة، سفن; كتيبة، كتائب
  ['12ي3ة', ['123', '12اء3']],
  // سفير، سفراء; دليل، دلائل
  ['12ي3', ['12ي3', '12اء3']],
  // أجهزة، جهاز; أرصدة، رصيد
  ['ا123ة', ['123', '12ي3']],
  // أشهر، شهر; إصبع، أصابع
  ['ا123', ['123', 'ا123']],
  ['1234', ['1234']],
  // أجزاء، جزء; أعضاء، عضو; أطباء، طبيب; أمراء، أمير
  ['ا12اء', ['12ء', '12و', '12ي2', 'ا1ي2']],
  ['ا12ا3', ['123']],
  // رؤساء، رئيس; شعراء، شاعر
  ['123اء', ['12ي3', '1ا23']],
  // طوائف، طائفة
  ['1واء2', ['1اء2']],
  // شوارع، شارع; مواقع، موقع
  ['1وا23', ['1ا23', '1و23']],
  // رسائل
  ['12اء3', ['12اء3']],
  // مراكز، مركز
  ['12ا34', ['1234']],
  // صاروخ، صواريخ
  ['1ا2و3', ['1ا2ي3']],
  ['1ا2ي3', ['1ا2ي3']],
  // مشروع، مشاريع
  ['123ا4', ['123ي4']],
  ['123و4', ['123ي4']],
  ['123ي4', ['123ي4']],
  // أصدقاء، صديق; أنبياء، نبي
  ['ا12ياء', ['12ي']],
  ['ا123اء', ['12ي3']],
  // صواريخ، مواعيد
  ['1وا2ي3', ['1ا2ي3', '1و2ي3', '1و23']],
  ['12ا3ي4', ['123ي4']],
];
