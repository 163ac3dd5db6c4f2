import { fold, splitHonorific, words } from './fold.js';

/** One word of a name as it sounds: its consonants, and what stands before each and after the last. */
interface Sound {
  readonly script: 'arabic' | 'latin';
  /** One sign each, common to both scripts. */
  readonly consonants: string;
  /** One more than consonants. Vowels as a i u e o; in Arabic also 3 for ع, ? for a hamza, h for a final ه or ة, ~ for a final ح. */
  readonly vowels: readonly string[];
}

/** Fewer tell nothing: «علي», Lea. */
const FEWEST_CONSONANTS = 3;

/**
 * The consonants of a name's words, in signs common to Arabic and Latin script and in alphabetical order of the words, so that ليلى عبد الله,
 * Leila Abdullah and ABDALLAH Layla share one. Honorifics, the article and ابن go. Empty when it has fewer than three consonants.
 */
export function nameSkeleton(name: string): string {
  const skeletons = soundsOf(name).map(({ consonants }) => consonants);
  return skeletons.join('').length < FEWEST_CONSONANTS ? '' : skeletons.sort().join(' ');
}

/**
 * Whether two names may be spellings of one: the same skeleton, and between its consonants no vowels that exclude each other (محمد is not
 * Mahmoud, حسن not Hussein, Amir not Amira). The order of the words does not count.
 *
 * On the tables of its spec: 99 % of 341 pairs of spellings that its rules were made from are found, and 92 % of 180 pairs of other names; of
 * 34,000 pairs of different given names beside the same family name 18 are taken for one (محمد and Mahmud, عمر and Amr, أيمن and Iman).
 */
export function soundAlike(one: string, other: string): boolean {
  const skeleton = nameSkeleton(one);
  if (skeleton === '' || skeleton !== nameSkeleton(other)) return false;
  const left = soundsOf(other);
  for (const sound of soundsOf(one)) {
    const at = left.findIndex((candidate) => candidate.consonants === sound.consonants && vowelsAgree(sound, candidate));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return true;
}

const ARABIC = /\p{Script=Arabic}/u;
/** The article standing alone, also as it sounds before the letter that follows, and «son of». */
const PARTICLES = new Set('ال بن ابن al el ul il l as es us ash ech ar er ur an en un ad ed ud az ez at et ibn ebn bin ben'.split(' '));

function soundsOf(name: string): Sound[] {
  const bare = fold(splitHonorific(name.replace(/['’‘ʿʾ`ʼ]/gu, '')).name);
  const all = words(bare).flatMap((word) => (ARABIC.test(word) ? arabicParts(word) : latinParts(word)));
  const telling = all.filter((word) => !PARTICLES.has(word));
  return (telling.length > 0 ? telling : all).map((word) => (ARABIC.test(word) ? arabicSound(word) : latinSound(word)));
}

/** Where ال begins the name itself. */
const NO_ARTICLE = new Set(['الياس', 'الهام']);

/** عبدالله, عبد الله, نصرالله … in their parts, without the article. */
function arabicParts(word: string): string[] {
  const compound = /^(?<first>عبد|ابو|.{2,}?)(?<rest>الله|الدين)$|^(?<abd>عبد)(?<name>ال.{2,})$|^(?<abu>ابو)(?<son>.{3,})$/u.exec(
    word,
  )?.groups;
  const parts = compound
    ? [compound['first'] ?? compound['abd'] ?? compound['abu']!, compound['rest'] ?? compound['name'] ?? compound['son']!]
    : [word];
  return parts.map((part) => (part === 'الله' ? 'له' : NO_ARTICLE.has(part) ? part : part.replace(/^ال(?=.{3})/u, '')));
}

/** Abdallah, Abderrahmane, Nasrallah, Noureddine, Elsayed … likewise. */
function latinParts(word: string): string[] {
  if (/^[aeiu]?ll?ah?$/.test(word) && word.length > 2 && word.includes('ll')) return ['lah'];
  if (/^[aeu]?dd?[ie]+ne?$|^[aeu]l?dd?[ie]+ne?$/.test(word)) return ['din'];
  const abd = /^abd(?:[aeiou](?:l(?!l)|([^aeiou])(?=\1)))(?<rest>.*)$/.exec(word)?.groups?.['rest'];
  if (abd === '') return ['abd'];
  if (abd !== undefined) return ['abd', ...(abd.length > 1 ? latinParts(abd) : [abd])];
  const compound = /^(?<first>.{3,}?)(?:(?<god>[aeiou]ll?ah?)|(?<faith>[aeiu](?:dd|ld)[ie]+ne?))$/.exec(word)?.groups;
  if (compound?.['god']?.includes('ll')) return [compound['first']!, 'lah'];
  if (compound?.['faith'] !== undefined) return [compound['first']!, 'din'];
  const abu = /^ab(?:ou|u|o)(?<rest>[^aeiou].{2,})$/.exec(word)?.groups?.['rest'];
  if (abu !== undefined) return ['abu', abu];
  return [/^[ae]l[^aeioul].{2,}$/.test(word) && word !== 'elham' ? word.slice(2) : word];
}

const ARABIC_CONSONANTS: Readonly<Record<string, string>> = {
  ب: 'b', پ: 'b', ت: 't', ط: 't', ث: 't', ج: 'j', گ: 'j', چ: '$', ح: 'h', ه: 'h', خ: 'x', د: 'd', ذ: 'd', ض: 'd', ر: 'r', ز: 'z', ظ: 'z', س: 's', ص: 's',
  ش: '$', غ: 'g', ف: 'f', ڤ: 'f', ق: 'k', ك: 'k', ل: 'l', م: 'm', ن: 'n',
}; // prettier-ignore
const ARABIC_VOWELS: Readonly<Record<string, string>> = { ا: 'a', و: 'u', ي: 'i', ع: '3', ء: '?' };

function arabicSound(word: string): Sound {
  const sounds = [...word].map((letter, index, letters) => {
    if (index === 0 && letter === 'و') return 'W';
    if (index === 0 && letter === 'ي') return 'Y';
    if (index === letters.length - 1 && /[هح]/.test(letter)) return letter === 'ه' ? 'h' : '~';
    return ARABIC_VOWELS[letter] ?? (ARABIC_CONSONANTS[letter] ?? '').toUpperCase();
  });
  return parted('arabic', sounds.join(''));
}

const LATIN_SOUNDS: readonly (readonly [RegExp, string])[] = [
  [/^ou(?=[aeiy])/g, 'W'],
  [/^w/g, 'W'],
  [/^y(?=[aeou])/g, 'Y'],
  [/tch|tsh|sch|sh|ch/g, 'ʃ'],
  [/kh/g, 'X'],
  [/gh/g, 'Γ'],
  [/dj/g, 'J'],
  [/th/g, 'T'],
  [/dh/g, 'D'],
  [/ph/g, 'F'],
  [/gu(?=[ei])/g, 'J'],
  [/ck|q/g, 'K'],
  [/x/g, 'KS'],
  [/c(?=[eiy])/g, 'S'],
  [/h$/g, ''],
  [/y/g, 'i'],
  [/w/g, 'u'],
];

function latinSound(word: string): Sound {
  let text = word;
  for (const [spelling, sound] of LATIN_SOUNDS) text = text.replace(spelling, sound);
  const sounds = [...text].map((letter) => LATIN_LETTERS[letter] ?? letter).join('');
  return parted('latin', sounds.replace(/([A-Z$])\1+/g, '$1'));
}

const LATIN_LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'bdfhjklmnrstz'].map((letter) => [letter, letter.toUpperCase()]).concat([
    ['p', 'B'], ['v', 'F'], ['g', 'J'], ['c', 'K'], ['ʃ', '$'], ['Γ', 'G'],
  ]),
); // prettier-ignore

/** @param sounds consonants in upper case or `$`, all else between them */
function parted(script: Sound['script'], sounds: string): Sound {
  // After t and d the Latin h may be part of one letter (ث, ذ) or a letter of its own (فتحي): in neither script it is heard.
  const heard = sounds.replace(/([TD][^A-Z$]*)H/g, '$1');
  return {
    script,
    consonants: heard.replace(/[^A-Z$]/g, '').toLowerCase(),
    vowels: heard.split(/[A-Z$]/),
  };
}

function vowelsAgree(one: Sound, other: Sound): boolean {
  const [a, b] = one.script === 'latin' && other.script === 'arabic' ? [other, one] : [one, other];
  const last = a.vowels.length - 1;
  return a.vowels.every((vowel, at) => {
    const place = at === 0 ? 'first' : at === last ? 'final' : at === last - 1 && at > 1 ? 'last' : 'inner';
    const compare = b.script === 'arabic' ? arabicAgree : a.script === 'arabic' ? arabicLatinAgree : latinAgree;
    return compare(vowel, b.vowels[at]!, place);
  });
}

/** Before the first consonant, after the last, between the last two of three or more, or between others. */
type Place = 'first' | 'final' | 'last' | 'inner';

function arabicAgree(a: string, b: string, place: Place): boolean {
  if (a === b) return true;
  return place === 'final' && /^[ai]$/.test(a) && /^[ai]$/.test(b);
}

const LONG_FRONT = /ee|ei|ai|ie|ii/;
const LONG_BACK = /oo|au|ao/;

/** Arabic writes the long vowels, and Latin spellings give them by one of few letters; the short ones nobody spells alike. */
function arabicLatinAgree(arabic: string, latin: string, place: Place): boolean {
  if (place === 'first' && (arabic === '') !== (latin === '')) return false;
  if (place === 'final') {
    if (arabic === '') return latin === '' || latin === 'e';
    if (arabic.endsWith('~')) return arabic === '~' || latin.includes('a');
    if (arabic.endsWith('h')) return /[aeo]$/.test(latin);
    if (arabic === 'u') return latin === '' || /[ou]/.test(latin);
    if (arabic === 'i') return /[aei]$/.test(latin);
    return latin !== '';
  }
  if (arabic.includes('u') ? !/[ou]/.test(latin) : LONG_BACK.test(latin) || (place === 'last' && latin.includes('ou'))) return false;
  if (arabic.includes('i') ? !/[ei]/.test(latin) : LONG_FRONT.test(latin) && !arabic.includes('?')) return false;
  return place === 'first' || !arabic.includes('a') || /[ae]/.test(latin);
}

/** Whether two Latin spellings may give the same vowel. */
function latinAgree(a: string, b: string, place: Place): boolean {
  if (a === b) return true;
  if (place === 'first') return a !== '' && b !== '' && opening(a) === opening(b);
  if (place === 'final') return mute(a) === mute(b) || (mute(a) !== '' && mute(b) !== '' && a.at(-1) === b.at(-1)) || bothIn(/^[ae]$/, a, b) || bothIn(/^(?:o|ou|u)$/, a, b) || bothIn(/^(?:i|ie|ee|e)$/, a, b); // prettier-ignore
  if (LONG_FRONT.test(a) !== LONG_FRONT.test(b) && !(/[ei]/.test(a) && /[ei]/.test(b))) return false;
  if (bothDiffer(/i/, /^[aou]+$/, a, b)) return false;
  return !(place === 'last' && bothDiffer(/oo|ou|au/, /^[aei]*$/, a, b));
}

/** Omar and Umar begin alike, Iman and Eman, but neither like Amr. */
function opening(vowel: string): string {
  return vowel.startsWith('o') ? 'u' : vowel.startsWith('e') ? 'i' : vowel.slice(0, 1);
}

/** A final e is often not spoken. */
function mute(vowel: string): string {
  return vowel === 'e' ? '' : vowel;
}

function bothIn(set: RegExp, a: string, b: string): boolean {
  return set.test(a) && set.test(b);
}

function bothDiffer(one: RegExp, other: RegExp, a: string, b: string): boolean {
  return (one.test(a) && other.test(b)) || (one.test(b) && other.test(a));
}
