import { Injectable } from '@nestjs/common';
import { SearchReader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { Published } from '../http/published.js';
import type { Token } from '../text/analyser.js';
import type { Lang } from '../text/language.js';
import { wordingIn } from '../text/wording.js';
import { learn } from './knowledge.js';
import { Names, type Named } from './names.service.js';
import { NewestArticles } from './newest.service.js';
import { demands, goingOn, oneOfMarks, parseUnfinished, tsquery, type UnfinishedQuery } from './query.js';
import type { SuggestQuery, Suggestions } from './search.dto.js';
import { suggestions } from './search.queries.js';
import { SearchService, isTimeout } from './search.service.js';

/** Fewer letters begin half of all words. */
const LETTERS = 2;
/** Of each kind. */
const SHOWN = 10;
/** So few letters begin thousands of words. */
const SHORT = 4;

/** What a reader may be about to type: of published content alone. */
@Injectable()
export class SuggestService {
  constructor(
    private readonly door: SearchReader,
    private readonly searches: SearchService,
    private readonly names: Names,
    private readonly newest: NewestArticles,
    private readonly addresses: Addresses,
  ) {}

  /** @throws Problem 503 `busy` when too many search at once */
  async suggest({ q, lang }: SuggestQuery): Promise<Published> {
    const typed = parseUnfinished(q);
    const suggested =
      [...typed.folded].length < LETTERS ? { items: [], authors: [], tags: [] } : await this.searches.inTurn(() => this.found(typed, lang));
    return new Published({ body: JSON.stringify(suggested), modified: null, settled: false });
  }

  private async found(typed: UnfinishedQuery, lang: Lang | undefined): Promise<Suggestions> {
    const { authors, tags, home } = await this.names.all();
    const preferred = lang === undefined ? [home] : [lang, home];
    const named = (all: readonly Named[]): Suggestions['authors'] =>
      beginning(all, typed.folded.split(' ')).map((one) => ({ id: one.id, slug: one.slug, name: wordingIn(one.name, ...preferred) }));
    return { items: await this.titles(typed), authors: named(authors), tags: named(tags) };
  }

  private async titles(typed: UnfinishedQuery): Promise<Suggestions['items']> {
    try {
      return await this.titlesFor(typed);
    } catch (error) {
      // Half a word typed: nobody waits for it.
      if (isTimeout(error)) return [];
      throw error;
    }
  }

  private async titlesFor({ parsed, last, folded }: UnfinishedQuery): Promise<Suggestions['items']> {
    const { known } = await learn(this.door, parsed);
    const { near } = await this.newest.times();
    const wishes = demands(parsed.wanted, known, { skeleton: false, corrected: new Map() }).map(({ wish }) => wish);
    // A short word at the end narrows nothing yet.
    if (last !== null && (wishes.length === 0 || [...last.word].length >= LETTERS)) wishes.push(goingOn(last, wishes.length === 0));
    if (wishes.length === 0) return [];
    const query = wishes.map((wish) => tsquery(wish, true)).join(' & ');
    const short = last !== null && wishes.length === 1 && [...last.word].length <= SHORT;
    return this.door.rows<Suggestions['items'][number]>(suggestions, [
      query,
      folded,
      SHOWN,
      this.addresses.origin,
      short && near !== null ? oneOfMarks(near) : null,
      short ? startOf(last) : null,
    ]);
  }
}

/** A word that goes on like this one, with or without the article and what is written before it: as a regular expression for folded words. */
function startOf({ arabic, word }: Token): string {
  return arabic ? `(^| )[وفبلك]?(ال|لل)?${withoutArticle(word)}` : `(^| )${word}`;
}

/** Names whose words begin as the typed ones, in any order; those that begin so themselves first. */
function beginning(all: readonly Named[], typed: readonly string[]): Named[] {
  const whole = typed.join(' ');
  const fit = all.flatMap((named) => {
    const fitting = named.words.filter((words) => fits(words, typed));
    if (fitting.length === 0) return [];
    const first = fitting.some((words) => words.join(' ').startsWith(whole));
    return [{ named, first, length: Math.min(...fitting.map((words) => words.join(' ').length)) }];
  });
  return fit
    .sort((a, b) => Number(b.first) - Number(a.first) || a.length - b.length || a.named.id - b.named.id)
    .slice(0, SHOWN)
    .map(({ named }) => named);
}

function fits(words: readonly string[], typed: readonly string[]): boolean {
  const joined = words.join('');
  // عبدالله begins عبد الله too.
  if (joined.startsWith(typed.join(''))) return true;
  return typed.every((start) => words.some((word) => word.startsWith(start) || withoutArticle(word).startsWith(withoutArticle(start))));
}

function withoutArticle(word: string): string {
  return word.replace(/^ال(?=..)/, '');
}
