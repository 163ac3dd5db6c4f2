import { Injectable } from '@nestjs/common';
import { SearchReader } from '../database/reader.js';
import type { Token } from '../text/analyser.js';
import { fold } from '../text/fold.js';
import { editDistance, tolerated } from './edit-distance.js';
import { corrections, howCommon, soundingLike } from './search.queries.js';
import { oneOfMarks } from './query.js';
import { soundOf } from './sound.js';
import { quoted } from './tsvector.js';

/** A word that a reader may have meant. */
export interface Correction {
  /** As it stands in the index. */
  readonly word: string;
  /** As one writes it. */
  readonly shown: string;
}

/** How many words one may have meant. */
const MEANT = 3;
/** Of so many that are alike it is looked up how common they are: each lookup takes a millisecond. */
const COMPARED = 8;

/** Words that live texts hold, for words that none of them does. */
@Injectable()
export class Corrections {
  constructor(private readonly door: SearchReader) {}

  /**
   * @param among marks of the articles by which is told what is common; null: by all
   * @returns by stem, the likeliest first; nothing for what is like no word
   */
  async of(tokens: readonly Token[], among: readonly string[] | null): Promise<ReadonlyMap<string, readonly Correction[]>> {
    const once = [...new Map(tokens.map((token) => [token.stem, token])).values()];
    const doubtful = once.filter(({ stem }) => [...stem].length >= 3 && !/\d/.test(stem));
    if (doubtful.length === 0) return new Map();
    const rows = await this.door.rows<Omit<Near, 'distance'>>(corrections, [
      doubtful.map(({ stem }) => stem),
      doubtful.flatMap(({ stem }) => (stem.length < 6 ? oneAway(stem) : [])),
    ]);
    const typed = new Map(doubtful.map(({ stem, word }) => [stem, withoutArticle(word)]));
    const near = rows
      .map((row) => ({ ...row, distance: distanceOf(row, typed.get(row.stem)!) }))
      // A word that no text had on the first page may stand in one by now.
      .filter(({ stem, word, distance }) => distance < Infinity && word !== stem)
      .concat(await this.inOtherScript(doubtful));
    const nearest = doubtful.map(({ stem, word }) => {
      const found = near.filter((row) => row.stem === stem);
      const distance = Math.min(...found.map((row) => row.distance));
      const best = found.filter((row) => row.distance === distance).sort((a, b) => b.similarity - a.similarity);
      return { stem, whole: word, best: best.slice(0, COMPARED) };
    });
    // Of one there is nothing to choose.
    const tied = nearest.flatMap(({ best }) => (best.length > 1 ? best : []));
    const common =
      tied.length === 0
        ? []
        : await this.door.rows<{ word: string; texts: number }>(howCommon, [
            tied.map(({ word }) => word),
            tied.map(({ word }) => (among === null ? quoted(word) : `${quoted(word)} & ${oneOfMarks(among)}`)),
          ]);
    const texts = new Map(common.map((row) => [row.word, row.texts]));
    const meant = new Map<string, readonly Correction[]>();
    for (const { stem, whole, best } of nearest) {
      const found = best.sort((a, b) => b.similarity - a.similarity || (texts.get(b.word) ?? 0) - (texts.get(a.word) ?? 0)).slice(0, MEANT);
      if (found.length > 0) meant.set(stem, found.map(({ word, shown }) => ({ word, shown: asTyped(whole, shown) }))); // prettier-ignore
    }
    return meant;
  }

  /** Words that sound the same in Arabic and Latin script: لينكس, Linux. */
  private async inOtherScript(tokens: readonly Token[]): Promise<Near[]> {
    const rows = await this.door.rows<{ stem: string; word: string; shown: string }>(soundingLike, [
      tokens.map(({ stem }) => stem),
      tokens.map(({ word }) => soundOf(withoutArticle(word))),
    ]);
    const typed = new Map(tokens.map((token) => [token.stem, token]));
    return rows
      .filter(({ stem, word }) => beginLike(withoutArticle(typed.get(stem)!.word), word, typed.get(stem)!.arabic))
      .map((row) => ({ ...row, similarity: 1, distance: OTHER_SCRIPT }));
  }
}

interface Near {
  readonly stem: string;
  readonly word: string;
  readonly shown: string;
  readonly similarity: number;
  readonly distance: number;
}

/** Behind one slip, before two. */
const OTHER_SCRIPT = 1.5;

/** Letters that stand for one another at the beginning of a word. */
const STARTS: readonly (readonly [arabic: string, latin: string])[] = [
  ['اعءيوه', 'aeiouyhw'],
  ['بپ', 'bpv'],
  ['تطث', 't'],
  ['جغچگ', 'gjc'],
  ['حهخ', 'hk'],
  ['دذض', 'd'],
  ['ر', 'r'],
  ['زظذ', 'z'],
  ['سصشث', 'scxtz'],
  ['فڤ', 'fvp'],
  ['قكگ', 'kcqgx'],
  ['ل', 'l'],
  ['م', 'm'],
  ['ن', 'nk'],
];

function beginLike(typed: string, word: string, arabic: boolean): boolean {
  return STARTS.some(([ours, theirs]) => (arabic ? ours : theirs).includes(typed[0]!) && (arabic ? theirs : ours).includes(word[0]!));
}

/** By the stems, or by the words: a slip may have kept an ending from being known. Infinity: another word. */
function distanceOf(
  { stem, word, shown }: { readonly stem: string; readonly word: string; readonly shown: string },
  typed: string,
): number {
  const most = Math.min(tolerated(stem), tolerated(word));
  const distance = Math.min(editDistance(stem, word, most), editDistance(typed, withoutArticle(fold(shown)), most));
  return distance > most ? Infinity : distance;
}

function withoutArticle(word: string): string {
  return word.replace(/^ال(?=..)/u, '');
}

/** With the article where the reader wrote it. */
function asTyped(typed: string, shown: string): string {
  return typed !== withoutArticle(typed) && /^\p{Script=Arabic}/u.test(shown) && fold(shown) === withoutArticle(fold(shown))
    ? `ال${shown}`
    : shown;
}

const LETTERS = [...'ابتثجحخدذرزسشصضطظعغفقكلمنهويء'];
const LATIN = [...'abcdefghijklmnopqrstuvwxyz'];

/** Everything one slip away from a short word: of its trigrams a slip leaves too few to be found by. */
function oneAway(word: string): string[] {
  const letters = /[a-z]/.test(word) ? LATIN : LETTERS;
  const made = new Set<string>();
  for (let at = 0; at <= word.length; at += 1) {
    const [left, right] = [word.slice(0, at), word.slice(at)];
    made.add(left + right.slice(1));
    if (right.length > 1) made.add(left + right[1]! + right[0]! + right.slice(2));
    for (const letter of letters) {
      made.add(left + letter + right);
      if (right !== '') made.add(left + letter + right.slice(1));
    }
  }
  made.delete(word);
  return [...made];
}
