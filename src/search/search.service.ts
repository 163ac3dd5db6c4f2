import { Injectable, Logger } from '@nestjs/common';
import pg from 'pg';
import { ArticlesService, type FoundArticle } from '../articles/articles.service.js';
import { Reader, SEARCHES_AT_ONCE, SearchReader } from '../database/reader.js';
import { Busy, Turns } from '../database/turns.js';
import { Addresses } from '../http/addresses.js';
import { writeCursor } from '../http/cursor.js';
import { Problem } from '../http/problem.js';
import { Published } from '../http/published.js';
import type { Token } from '../text/analyser.js';
import type { Lang } from '../text/language.js';
import { wordingIn, type Wording } from '../text/wording.js';
import { Corrections, type Correction } from './corrections.service.js';
import { snippet } from './highlight.js';
import { learn, type Learnt } from './knowledge.js';
import { NewestArticles, type NewestTimes } from './newest.service.js';
import { demands, hasRow, lexemes, oneOfMarks, ownForms, parseQuery, reworded, titleOf, tsquery, type Demand, type ParsedQuery, type Reach, type Term, type Wish } from './query.js'; // prettier-ignore
import { RUNGS, type Rung, type SearchArticles, type SearchHit, type SearchResults } from './search.dto.js';
import { COUNTED, EXACT, facetNames, hits, many, someWords } from './search.queries.js';
import { SKELETON } from './search-index.service.js';
import { SEARCH_KEY } from './search-key.js';
import { tracesOf } from './traces.js';

/** How long a search waits while others are answered, before it is refused. */
const PATIENCE_MS = 1_500;
/** Fewer hits than these are looked for further. */
const ENOUGH = 3;
/** In the last rung: how much of the query's words a text has to hold, and how much of what the best one holds. */
const FAIR_SHARE = 0.4;
const OF_THE_BEST = 0.7;

/** Where a search stands when a page of it is asked for. */
interface Position {
  /** The moment of the first page, in microseconds since 1970: when what is public had last changed. All pages show what there was then, old or new as it was then. */
  readonly moment: string;
  readonly rung: Rung;
  readonly exact: number;
  readonly score: string;
  readonly at: string;
  readonly id: number;
  /** The terms that no text had, a bit for each: one may have them by now. */
  readonly unknown: number;
}

interface HitsRow extends Counts {
  /** How far back one had to look for more than can be ranked: 0 near, 1 far, 2 everywhere. */
  readonly reach: 0 | 1 | 2;
  readonly hits: { readonly id: number; readonly exact: number; readonly score: number; readonly at: number }[];
  readonly candidates: number;
  readonly verified: number;
}

/** How much there is, and counts by id, year and language. */
interface Counts {
  readonly found: number;
  readonly sections: Record<string, number>;
  readonly authors: Record<string, number>;
  readonly years: Record<string, number>;
  readonly langs: Record<string, number>;
}

/** What a rung gave. */
interface Answer {
  readonly rung: Rung;
  readonly row: HitsRow;
  /** Queries that count what there is where it is too much to be ranked; null: all of it was. */
  readonly counting: readonly [newest: string, all: string, then: string | null] | null;
  /** What was looked for, to be marked in what was found. */
  readonly demanded: readonly Demand[];
}

/** Searches of readers, over the views of published content alone. */
@Injectable()
export class SearchService {
  private readonly logger = new Logger('Search');
  private readonly turns = new Turns(SEARCHES_AT_ONCE, PATIENCE_MS);

  constructor(
    private readonly door: SearchReader,
    private readonly reader: Reader,
    private readonly articles: ArticlesService,
    private readonly corrections: Corrections,
    private readonly newest: NewestArticles,
    private readonly addresses: Addresses,
  ) {}

  /** A page of hits. @throws Problem 503 `busy` when too many search at once */
  read(query: SearchArticles): Promise<SearchResults> {
    return this.inTurn(() => this.results(query));
  }

  /** The same as an answer of the API. */
  async search(query: SearchArticles): Promise<Published> {
    const results = await this.read(query);
    const { cursor: _, limit, ...given } = query;
    const next =
      results.nextCursor === null ? null : this.addresses.api(['search'], { ...given, limit: String(limit), cursor: results.nextCursor });
    return new Published({ body: JSON.stringify(results), modified: null, settled: false }, next);
  }

  /** Few at a time: each keeps a core busy for some milliseconds. @throws Problem 503 `busy` */
  async inTurn<Done>(act: () => Promise<Done>): Promise<Done> {
    try {
      return await this.turns.during(act);
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      const sentence = {
        ar: 'يبحث كثيرون في هذه اللحظة. حاول بعد ثوانٍ.',
        en: 'Too many are searching at this moment. Try again in a few seconds.',
      };
      throw new Problem(503, 'busy', sentence, { headers: { 'retry-after': '2' } });
    }
  }

  private async results(query: SearchArticles): Promise<SearchResults> {
    const parsed = parseQuery(query.q);
    if (parsed.reason !== null) return { ...NOTHING, reason: parsed.reason };
    const search = new Search(this.door, this.corrections, parsed, query);
    let partial = false;
    try {
      search.newest = await this.newest.times();
      await search.climb();
    } catch (error) {
      if (!isTimeout(error)) throw error;
      partial = true;
      this.logger.warn('a search was given up for its time');
    }
    const { answer, didYouMean } = search;
    partial ||= search.partial;
    const told = { ...(didYouMean === null ? {} : { didYouMean }), ...(partial ? { partial } : {}) };
    if (answer === null) return { ...NOTHING, ...(partial ? {} : { reason: 'no_match' as const }), ...told };
    return { ...(await this.page(answer, search, query)), ...told };
  }

  private async page(answer: Answer, { moment, unknown }: Search, { lang, limit }: SearchArticles): Promise<SearchResults> {
    const { rung, row } = answer;
    const shown = row.hits.slice(0, limit);
    const [items, { counts, names, partial }] = await Promise.all([this.items(shown, answer, lang), this.told(answer)]);
    const last = shown.at(-1);
    const more = row.hits.length > limit && last !== undefined;
    // Of many only some were looked at: as many of the others are taken to fit.
    const all = answer.counting === null ? row.verified : Math.round((counts.found * row.verified) / Math.max(1, row.candidates));
    const exact =
      answer.counting === null
        ? rung !== 'any_word' || row.candidates < EXACT
        : counts.found <= COUNTED && row.verified === row.candidates && !answer.demanded.some(({ wish }) => hasRow(wish)) && !partial;
    const preferred = lang === undefined ? [names.home] : [lang, names.home];
    return {
      items,
      nextCursor: more
        ? writeCursor('search', {
            key: [moment, RUNGS.indexOf(rung), last.exact, last.score, last.at, unknown].join('.'),
            id: last.id,
          })
        : null,
      facets: {
        approximate: !exact,
        section: counted(counts.sections, names.sections, preferred),
        author: counted(counts.authors, names.authors, preferred),
        year: Object.entries(counts.years)
          .map(([year, count]) => ({ year: Number(year), count }))
          .sort((a, b) => b.year - a.year),
        lang: Object.entries(counts.langs)
          .map(([known, count]) => ({ lang: known as Lang, count }))
          .sort((a, b) => b.count - a.count),
      },
      total: Math.min(COUNTED, all),
      totalApproximate: !exact,
      answeredBy: rung,
      ...(partial ? { partial } : {}),
    };
  }

  private async items(shown: HitsRow['hits'], { demanded }: Answer, lang: Lang | undefined): Promise<SearchHit[]> {
    const found = await this.articles.found(shown.map(({ id }) => id), lang); // prettier-ignore
    const marks = marker(demanded);
    const traces = tracesOf(demanded.flatMap(({ wish }) => lexemes(wish)).map((lexeme) => lexeme.replace(SKELETON, '')));
    return shown.flatMap(({ id }) => found.get(id) ?? []).map((article) => hitOf(article, marks, traces));
  }

  /** Counts with the names of what was counted. Partial: there was no time for the counts. */
  private async told({ row, counting }: Answer): Promise<{ counts: Counts; names: NamesRow; partial: boolean }> {
    let counts: Counts = row;
    let partial = false;
    try {
      if (counting !== null) counts = (await this.door.row<Counts>(many, counting))!;
    } catch (error) {
      if (!isTimeout(error)) throw error;
      partial = true;
      this.logger.warn('a search was not counted, for its time');
    }
    const names = await this.reader.row<NamesRow>(facetNames, [
      Object.keys(counts.sections).map(Number),
      Object.keys(counts.authors).map(Number),
    ]);
    return { counts, names: names!, partial };
  }
}

/** One search: goes up the ladder until a rung gives something. */
class Search {
  answer: Answer | null = null;
  /** The query as it was probably meant, when that is not what was typed. */
  didYouMean: string | null = null;
  moment = '0';
  /** Whether words that stand beside each other were looked for in some texts only. */
  partial = false;
  unknown = 0;
  newest: NewestTimes = { near: null, far: null, texts: 0 };
  private learnt!: Learnt;
  private readonly from: Position | null;

  constructor(
    private readonly door: SearchReader,
    private readonly corrections: Corrections,
    private readonly parsed: ParsedQuery,
    private readonly query: SearchArticles,
  ) {
    this.from = positionOf(query);
  }

  /** @throws pg's DatabaseError 57014 when a statement was ended for its time; what was found before stands */
  async climb(): Promise<void> {
    await this.learn([]);
    this.moment = this.from?.moment ?? this.learnt.moment;
    if (this.learnt.sections?.length === 0 || this.learnt.authors?.length === 0) return;
    const { from } = this;
    if (from === null || from.rung === 'all_words') this.keep(await this.rung('all_words', WORDS));
    if (from === null ? this.count < ENOUGH : from.rung === 'skeleton')
      this.keep(await this.rung('skeleton', { ...WORDS, skeleton: true }));
    if (from === null ? this.count > 0 : from.rung === 'all_words' || from.rung === 'skeleton') return;
    const corrected = await this.correct();
    if (corrected !== null && (from === null || from.rung === 'correction'))
      this.keep(await this.rung('correction', { skeleton: true, corrected }));
    if (from === null ? this.count > 0 : from.rung === 'correction') return;
    this.keep(await this.anyWord({ skeleton: true, corrected: corrected ?? WORDS.corrected }));
  }

  private get count(): number {
    return this.answer?.row.verified ?? 0;
  }

  /** A rung that goes further stands only for more than the one before. */
  private keep(answer: Answer): void {
    if (answer.row.verified > this.count) this.answer = answer;
  }

  /** Asks what is known of the words. @param more stems beside those of the query */
  private async learn(more: readonly string[]): Promise<void> {
    this.learnt = await learn(this.door, this.parsed, { more, section: this.query.section, author: this.query.author });
  }

  private async rung(rung: Rung, reach: Reach): Promise<Answer> {
    const demanded = demands(this.parsed.wanted, this.learnt.known, reach);
    const unwanted = demands(this.parsed.unwanted, this.learnt.known, WORDS).map(({ wish }) => wish);
    const wanted = demanded.map(({ wish }) => wish);
    const rows = [...wanted, ...unwanted].some(hasRow);
    // Taken apart, an unwanted row would take out more than it says.
    const loose = joined(wanted, unwanted.filter((wish) => !hasRow(wish)), false); // prettier-ignore
    const head = unwanted.length > 0 ? null : joined(wanted, [], false);
    const { near, far } = this.newest;
    const bodies = [this.among(loose, near), this.among(loose, far), this.among(loose, null)] as const;
    const row = await this.door.row<HitsRow>(hits, [
      ...this.terms(demanded),
      ...this.place(),
      ...bodies,
      head === null ? null : this.among(head, near),
      head === null ? null : this.among(head, far),
      head === null ? null : this.among(head, null),
      rows ? joined(wanted, unwanted, true) : null,
    ]);
    if (rows && row!.found > EXACT && row!.verified < this.query.limit) this.partial = true;
    return { rung, row: row!, counting: row!.found > EXACT ? [bodies[row!.reach], bodies[2], this.from?.moment ?? null] : null, demanded };
  }

  private async anyWord(reach: Reach): Promise<Answer> {
    const demanded = demands(this.parsed.wanted, this.learnt.known, reach);
    const unwanted = demands(this.parsed.unwanted, this.learnt.known, WORDS).map(({ wish }) => `!${tsquery(wish, true)}`);
    const loose = demanded.map(({ wish }) => tsquery(wish, false));
    const allButOne = demanded.map((_, left) => `(${loose.filter((_term, index) => index !== left).join(' & ')})`).join(' | ');
    const beside = [...unwanted, ...this.filters()].join(' & ');
    const row = await this.door.row<HitsRow>(someWords, [
      ...this.terms(demanded),
      ...this.place(),
      demanded.length > 2 ? [`(${allButOne})`, ...unwanted, ...this.filters()].join(' & ') : null,
      beside === '' ? null : beside,
      FAIR_SHARE,
      OF_THE_BEST,
      loose,
      this.newest.texts,
    ]);
    return { rung: 'any_word', row: row!, counting: null, demanded };
  }

  /** A query as the filters let it through. @param times marks of which an article has to bear one; null: any */
  private among(query: string, times: readonly string[] | null): string {
    return [query, ...this.filters(), ...(times === null ? [] : [oneOfMarks(times)])].join(' & ');
  }

  private filters(): string[] {
    const { sections, authors } = this.learnt;
    const { year, lang } = this.query;
    const wanted: string[][] = [];
    if (sections !== null) wanted.push(sections.map((id) => `s${id}`));
    if (authors !== null) wanted.push(authors.map((id) => `a${id}`));
    if (year !== undefined) wanted.push([`y${year}`]);
    if (lang !== undefined) wanted.push([`l${lang}`]);
    return wanted.map(oneOfMarks);
  }

  /** Parameters 1 to 5 of both statements. */
  private terms(demanded: readonly Demand[]): unknown[] {
    return [
      demanded.map(({ wish }) => tsquery(wish, true)),
      demanded.map(({ wish }) => (typeof wish === 'object' && 'any' in wish ? new Set(lexemes(wish)).size : 1)),
      titleOf(this.parsed.text),
      this.moment,
      typedForms(this.parsed.wanted),
    ];
  }

  /** Parameters 6 to 11. */
  private place(): unknown[] {
    const { from, query } = this;
    return [query.limit + 1, from?.exact ?? null, from?.score ?? null, from?.at ?? null, from?.id ?? null, from?.moment ?? null];
  }

  /** What words that no text has may have meant; null when there are none, or nothing like them. */
  private async correct(): Promise<Reach['corrected'] | null> {
    const { wanted } = this.parsed;
    const isUnknown = (term: Term, index: number): boolean =>
      !term.phrase && (this.from === null ? !this.isKnown(term.tokens[0]!) : (this.from.unknown & (1 << index)) !== 0);
    this.unknown = wanted.reduce((bits, term, index) => (isUnknown(term, index) ? bits | (1 << index) : bits), 0);
    const unknown = wanted.filter(isUnknown).map(({ tokens }) => tokens[0]!);
    const found = await this.corrections.of(unknown, this.newest.near);
    if (found.size === 0) return null;
    this.didYouMean = reworded(
      this.parsed.text,
      unknown.flatMap(
        (token) =>
          found
            .get(token.stem)
            ?.slice(0, 1)
            .map(({ shown }) => ({ token, word: shown })) ?? [],
      ),
    );
    const corrected = new Map([...found].map(([stem, words]: [string, readonly Correction[]]) => [stem, words.map(({ word }) => word)]));
    await this.learn([...corrected.values()].flat());
    return corrected;
  }

  private isKnown(token: Token): boolean {
    const { vocabulary, lexicon, proclitic } = this.learnt.known;
    return [token.word, ...ownForms(token)].some((form) => vocabulary.has(form)) || lexicon.has(token.stem) || proclitic.has(token.word);
  }
}

const WORDS: Reach = { skeleton: false, corrected: new Map() };

/** The words as they were typed and, for titles, with the article or without it. */
function typedForms(terms: readonly Term[]): string[] {
  return terms
    .flatMap(({ tokens }) => tokens)
    .flatMap(({ arabic, word }) => {
      if (!arabic) return [word];
      const bare = word.replace(/^ال(?=..)/u, '');
      return [bare, `ال${bare}`];
    });
}

function joined(wanted: readonly Wish[], unwanted: readonly Wish[], rows: boolean): string {
  return [...wanted.map((wish) => tsquery(wish, rows)), ...unwanted.map((wish) => `!${tsquery(wish, rows)}`)].join(' & ');
}

function positionOf({ cursor }: SearchArticles): Position | null {
  const parts = cursor === undefined ? null : SEARCH_KEY.exec(cursor.key);
  if (parts === null) return null;
  const [, moment, rung, exact, score, at, unknown] = parts as unknown as [string, string, string, string, string, string, string];
  return { moment, rung: RUNGS[Number(rung)]!, exact: Number(exact), score, at, id: cursor!.id, unknown: Number(unknown) };
}

interface Counted {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly count: number;
}

type Names = readonly { readonly id: number; readonly as: number; readonly slug: string; readonly name: Wording }[];
interface NamesRow {
  readonly home: Lang;
  readonly sections: Names;
  readonly authors: Names;
}

/** What was counted by id, named in the first of the languages it has; records that were merged count as one. The most first. */
function counted(counts: Readonly<Record<string, number>>, names: Names, preferred: readonly Lang[]): Counted[] {
  const byId = new Map<number, Counted>();
  for (const { id, as, slug, name } of names) {
    const count = (byId.get(as)?.count ?? 0) + (counts[id] ?? 0);
    byId.set(as, { id: as, slug, name: wordingIn(name, ...preferred), count });
  }
  return [...byId.values()].sort((a, b) => b.count - a.count || a.id - b.id);
}

/** Which words of a text were looked for. */
function marker(demanded: readonly Demand[]): (token: Token) => boolean {
  const wanted = new Set(demanded.flatMap(({ wish }) => lexemes(wish)));
  // PostgreSQL's stemmers are not here; what they take off a word is at most a few letters of its end.
  const latin = [...wanted].filter((stem) => /^[a-z]{3,}$/.test(stem)).map((stem) => stem.replace(/i$/, ''));
  return ({ arabic, word, stem, skeletons }) =>
    wanted.has(stem) ||
    skeletons.some((skeleton) => wanted.has(SKELETON + skeleton)) ||
    (!arabic && latin.some((start) => word.startsWith(start) && word.length - start.length <= 4));
}

function hitOf({ card, summary, text, lang }: FoundArticle, marks: (token: Token) => boolean, traces: RegExp | null): SearchHit {
  return { ...(card as unknown as SearchHit), snippet: snippet(text === '' ? summary : text, marks, lang, traces) };
}

const NOTHING: SearchResults = {
  items: [],
  nextCursor: null,
  facets: { approximate: false, section: [], author: [], year: [], lang: [] },
  total: 0,
  totalApproximate: false,
  answeredBy: null,
};

/** SQLSTATE 57014: a statement was ended for its time. */
export function isTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '57014';
}
