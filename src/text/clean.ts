/** Refusal of a text that no editor can have meant: it carries code points that are not text. */
export class UncleanText extends Error {
  constructor(readonly reason: 'nul' | 'lone_surrogate' | 'noncharacter' | 'control' | 'marks') {
    super(`text refused: ${reason}`);
    this.name = 'UncleanText';
  }
}

// Embeddings, overrides and isolates can make a line read differently from what it says (Trojan Source, CVE-2021-42574).
const BIDI_FORMATTING = /[\u202A-\u202E\u2066-\u2069]/g;
const INVISIBLE_IN_A_LINE = /[\u00AD\u061C\u200B\u200E\u200F\u2060\uFEFF]/g;
const CONTROL = /(?![\t\n\r])\p{Cc}/u;
const WHITE_SPACE = /\p{White_Space}+/gu;
const LINE_BREAK = /\r\n?|[\u2028\u2029]/g;

// Joining_Type R (joins only the letter before it) and U (joins none) among Arabic letters: Unicode ArabicShaping.txt.
const RIGHT_JOINING =
  '\\u0622-\\u0625\\u0627\\u0629\\u062F-\\u0632\\u0648\\u0671-\\u0673\\u0675-\\u0677\\u0688-\\u0699\\u06C0\\u06C3-\\u06CB\\u06CD\\u06CF\\u06D2\\u06D3\\u06D5' +
  '\\u06EE\\u06EF\\u0759-\\u075B\\u076B\\u076C\\u0771\\u0773\\u0774\\u0778\\u0779\\u0870-\\u0882\\u088E\\u08AA-\\u08AC\\u08AE\\u08B1\\u08B2\\u08B9';
const NON_JOINING = '\\u0621\\u0674\\u0887\\u0888\\u08AD';
const ARABIC_LETTER = '(?:\\u0640|(?=\\p{Script=Arabic})\\p{L})';
const JOINS_THE_NEXT = `(?![${RIGHT_JOINING}${NON_JOINING}])${ARABIC_LETTER}`;
const JOINS_THE_PREVIOUS = `(?![${NON_JOINING}])${ARABIC_LETTER}`;
const JOINERS = /[\u200C\u200D]+/g;
const IDLE_JOINER = new RegExp(`(?<!${JOINS_THE_NEXT}\\p{Mn}*)[\\u200C\\u200D]|[\\u200C\\u200D](?!\\p{Mn}*${JOINS_THE_PREVIOUS})`, 'gu');

/**
 * A single-line value (name, title, tag, mail field) as it is stored: NFC, one space for any run of white space, trimmed.
 *
 * Bidirectional formatting and invisible characters go. The joiners U+200C and U+200D stay only between two Arabic letters that would
 * otherwise join, the context of RFC 5892 appendix A.1, and a run of them counts as its first. Tashkeel and tatweel stay as typed.
 * @throws UncleanText for NUL, lone surrogates, noncharacters, controls other than tab and line break, and more than 30 combining marks in a row.
 */
export function cleanLine(input: string): string {
  refuse(input);
  const line = input
    .replace(BIDI_FORMATTING, '')
    .replace(INVISIBLE_IN_A_LINE, '')
    .replace(WHITE_SPACE, ' ')
    .replace(JOINERS, (run) => run.charAt(0))
    .replace(IDLE_JOINER, '');
  return composed(line).replace(/ {2,}/g, ' ').trim();
}

/**
 * A body or another text of several lines as it is stored: NFC, line feeds as the only line breaks.
 *
 * Bidirectional embeddings, overrides and isolates go; marks (LRM, RLM, ALM), joiners, tashkeel, tatweel, tabs and spacing stay as typed.
 * @throws UncleanText for NUL, lone surrogates, noncharacters, controls other than tab and line break, and more than 30 combining marks in a row.
 */
export function cleanText(input: string): string {
  refuse(input);
  return composed(input.replace(BIDI_FORMATTING, '').replace(LINE_BREAK, '\n'));
}

/** {@link cleanText} without space before and after. @throws UncleanText */
export function cleanProse(input: string): string {
  return cleanText(input).trim();
}

/** 30 are more than any writing system uses and the bound of the Stream-Safe Text Format (Unicode Standard Annex #15). */
const ENDLESS_MARKS = /\p{M}{31}/u;

/** NFC. Putting a run of marks into canonical order takes time quadratic in its length, so long runs are refused before. */
function composed(text: string): string {
  if (ENDLESS_MARKS.test(text)) throw new UncleanText('marks');
  return text.normalize('NFC');
}

function refuse(input: string): void {
  if (input.includes('\0')) throw new UncleanText('nul');
  if (/\p{Surrogate}/u.test(input)) throw new UncleanText('lone_surrogate');
  if (/\p{Noncharacter_Code_Point}/u.test(input)) throw new UncleanText('noncharacter');
  if (CONTROL.test(input)) throw new UncleanText('control');
}
