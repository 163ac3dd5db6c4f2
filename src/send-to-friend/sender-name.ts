import { field, cleaned } from '../http/body.js';
import { cleanLine } from '../text/clean.js';
import { withoutLinks } from './share-message.js';

const MIN = 2;
const MAX = 60;

/** Marks of names: initials, O’Neill, the ayn and hamza of transliterations. */
const MARKS = `.'’ʼʻʾʿ-`;
const WRITTEN = new RegExp(`^[\\p{L}\\p{M}\\u200C\\u200D ${MARKS}]+$`, 'u');
/** Nothing is to be seen of these: a letter that is none, or a name that only looks like another. The joiners are `cleanLine`'s to judge. */
const UNSEEN = /(?![\u200C\u200D])\p{Default_Ignorable_Code_Point}/u;
/** Shadda, vowel and a small alef make three on one letter; a mark needs one to stand on. */
const STRAY_MARKS = /\p{M}{5}|(?:^|[^\p{L}\p{M}])\p{M}/u;

/** Scripts in which names are written today (Unicode Standard Annex #31, table 5, and some of table 7). */
const SCRIPTS =
  'Arabic,Latin,Greek,Cyrillic,Hebrew,Armenian,Georgian,Syriac,Thaana,Nko,Tifinagh,Ethiopic,Adlam,Devanagari,Bengali,Gurmukhi,Gujarati,Oriya,Tamil,Telugu,Kannada,Malayalam,Sinhala,Thai,Lao,Tibetan,Myanmar,Khmer,Mongolian,Hangul'.split(
    ',',
  );
/** One script a word, because а, a and ا side by side are how a name imitates another. Japanese is written in three. */
const OF_ONE_SCRIPT = new RegExp(
  `^(?:${SCRIPTS.map((script) => `[\\p{Script_Extensions=${script}}ʼʻʾʿ]+`).join('|')}|[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Bopomofo}ー]+)$`,
  'u',
);

/**
 * The name a sender gives, as it is shown: 2 to 60 letters, marks and spaces with `.'-` between, at least two letters, no digit of any script,
 * one script in each word.
 *
 * A dot that a letter follows is an initial's where one letter stands before it, and gets its space: `د.سالم` becomes `د. سالم`. Any other is
 * refused, because a mail program could take it for the address of a host; so is all that {@link withoutLinks} would take out of a message.
 * @returns null for what is no such name
 */
export function senderName(text: string): string | null {
  const name = cleanLine(text);
  const letters = [...name].length;
  if (letters < MIN || letters > MAX || !WRITTEN.test(name) || UNSEEN.test(name) || STRAY_MARKS.test(name)) return null;
  if ((name.match(/\p{L}/gu) ?? []).length < 2) return null;
  const words = name.match(/[\p{L}ʼʻʾʿ]+/gu) ?? [];
  if (!words.every((word) => OF_ONE_SCRIPT.test(word))) return null;
  // `t.me` is no initial: with its space it would still be read as the host.
  if (/\.[a-z]/.test(name)) return null;
  // A letter before each dot, with nothing but a space, another initial or the beginning before it. What stands before a match is unchanged.
  const spaced = name.replace(/(?<=(?:^|[ .])\p{L}\p{M}*)\.(?=\p{L})/gu, '. ');
  // `casino. com` and `www. casino` are read as links in spite of their space.
  return !/\.(?=\p{L})/u.test(spaced) && withoutLinks(spaced) === spaced ? spaced : null;
}

/** What is refused has to be of a kind that no rule takes. */
const REFUSED = Symbol('refused');
const read = cleaned((text) => (text.length > 10 * MAX ? '' : (senderName(text) ?? '')));

/** {@link senderName} as a field of a body: 400 `sender_name`. */
export function SenderNameField(): PropertyDecorator {
  return field(
    'sender_name',
    (value) => typeof value === 'string',
    { type: 'string', minLength: MIN, maxLength: MAX },
    {
      description: "Who sends it, as the letter says: letters, spaces and .'- only; no digits, and nothing that could be a host name.",
      example: 'سلمى القنديلي',
    },
    (value) => {
      const name = read(value);
      return name === '' ? REFUSED : name;
    },
  );
}
