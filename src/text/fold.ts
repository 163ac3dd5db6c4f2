const DELETED =
  /[\u0300-\u036F\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u0640\u061C]/g;

const FOLDED: ReadonlyMap<string, string> = new Map(
  (
    [
      ['ٱٲٳ', 'ا'],
      ['ىیے', 'ي'],
      ['ةۀہھە', 'ه'],
      ['کڪ', 'ك'],
      ['٠۰', '0'],
      ['١۱', '1'],
      ['٢۲', '2'],
      ['٣۳', '3'],
      ['٤۴', '4'],
      ['٥۵', '5'],
      ['٦۶', '6'],
      ['٧۷', '7'],
      ['٨۸', '8'],
      ['٩۹', '9'],
    ] as const
  ).flatMap(([letters, base]) => [...letters].map((letter) => [letter, base] as const)),
);
const FOLDABLE = new RegExp(`[${[...FOLDED.keys()].join('')}]`, 'g');

const ARABIC_LETTER = '(?=\\p{Script=Arabic})\\p{L}';
/** A word of a folded text; see {@link words}. */
export const TOKEN = new RegExp(
  `${ARABIC_LETTER}(?:${ARABIC_LETTER}|\\p{M})*|(?!${ARABIC_LETTER})[\\p{L}\\p{N}](?:(?!${ARABIC_LETTER})[\\p{L}\\p{N}\\p{M}])*`,
  'gu',
);

/**
 * A text reduced to what two spellings of it share; for comparison and search only, never stored as a text or shown.
 *
 * In this order: ؤ and ئ become ء (to ء and not to their seat, so that مسؤول and مسئول meet); compatibility decomposition (presentation
 * forms, ligatures, full width); tashkeel, tatweel, Latin accents, hamza and madda on alef, and invisible characters go; forms of alef, yeh,
 * heh (with ة) and kaf become one letter each; Arabic-Indic and Persian digits become ASCII; lower case. Folding a folded text changes nothing.
 */
export function fold(text: string): string {
  return (
    text
      // NFKC and not NFC, because the presentation forms of ؤ and ئ would otherwise lose their hamza in the decomposition.
      .normalize('NFKC')
      .replace(/[ؤئ]/g, 'ء')
      .normalize('NFKD')
      .replace(DELETED, '')
      .replace(FOLDABLE, (letter) => FOLDED.get(letter) ?? letter)
      .toLowerCase()
      // Which sigma a letter becomes hangs on the letters around it.
      .replace(/ς/g, 'σ')
      // A deletion can leave combining marks of other scripts out of canonical order.
      .normalize('NFKD')
  );
}

/**
 * The words of a text in folded form and in order: runs of Arabic letters, and runs of other letters and digits that end before an Arabic
 * letter. So الـ18 gives ال and 18, كوفيد-19 gives كوفيد and 19, and G20 stays whole.
 */
export function words(text: string): string[] {
  return fold(text).match(TOKEN) ?? [];
}

// Written as fold() leaves them; آل folds to ال.
const BOUND_TO_THE_NEXT_WORD: ReadonlySet<string> = new Set(['عبد', 'ابو', 'ابن', 'ال']);

/**
 * The key under which two spellings of one person's name are equal: folded words, one space between, without punctuation, and
 * عبد، أبو، ابن، آل joined to the word after them, so that عبد الله and عبدالله meet. Empty when the name has no letter or digit.
 */
export function matchKey(name: string): string {
  let key = '';
  let bound = true;
  for (const word of words(name)) {
    key += bound ? word : ` ${word}`;
    bound = BOUND_TO_THE_NEXT_WORD.has(word);
  }
  return key;
}

const TASHKEEL_OR_TATWEEL =
  '[\\u0610-\\u061A\\u064B-\\u0652\\u0656-\\u065F\\u0670\\u06D6-\\u06DC\\u06DF-\\u06E4\\u06E7\\u06E8\\u06EA-\\u06ED\\u0640]';
const TASHKEEL_AND_TATWEEL = new RegExp(TASHKEEL_OR_TATWEEL, 'g');

// السيد is not here: in Egypt it is a given name more often than a title.
const HONORIFICS = [
  'أ|د|م|أ\\.ح|الدكتور|الدكتورة|دكتور|دكتورة|الأستاذ|الأستاذة|أستاذ|أستاذة|السفير|السفيرة|سفير|سفيرة|المستشار|المستشارة|مستشار|مستشارة',
  'المهندس|المهندسة|مهندس|مهندسة|الوزير|الوزيرة|اللواء|لواء|الفريق|العميد|العقيد|الشيخ',
  'dr|prof|professor|mr|mrs|ms|amb|ambassador|docteur|pr|professeur|mme|mlle|monsieur|madame|ambassadeur|ambassadrice',
]
  .join('|')
  .replace(/\p{L}/gu, (letter) => `${letter === 'أ' ? '[أا]' : letter}${TASHKEEL_OR_TATWEEL}*`);
const LEADING_HONORIFICS = new RegExp(`^(?:(?:${HONORIFICS})[\\s./]+)+(?=\\p{L}\\p{M}*\\p{L})`, 'iu');
const LEADING_ARTICLE = /^ال(?=\p{L}{3})/u;

/**
 * A name as printed, parted into leading honorifics and the name itself, both with their letters as written, NFC and single spaces.
 *
 * Honorifics are those of {@link sortKey}, and only where a name of two letters or more follows; without any, `honorific` is ''.
 * A slash between honorific and name ("د/ أحمد") belongs to neither.
 */
export function splitHonorific(name: string): { honorific: string; name: string } {
  const printed = name.normalize('NFC').replace(/\s+/g, ' ').trim();
  const leading = LEADING_HONORIFICS.exec(printed)?.[0] ?? '';
  return { honorific: leading.replace(/[ /]+$/, ''), name: printed.slice(leading.length) };
}

/**
 * What a name is sorted by under the collation `ar-x-icu`: the letters as written, lower-cased, without tashkeel and tatweel.
 *
 * Leading honorifics go when a name of two letters or more follows: أ. د. م. أ.د. أ.ح. and the full words for doctor, professor, ambassador,
 * counsellor, engineer, minister, general and sheikh, with their English and French fellows. A leading ال goes when three letters or more follow.
 */
export function sortKey(name: string): string {
  return name
    .normalize('NFC')
    .replace(TASHKEEL_AND_TATWEEL, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
    .replace(LEADING_HONORIFICS, '')
    .replace(LEADING_ARTICLE, '');
}
