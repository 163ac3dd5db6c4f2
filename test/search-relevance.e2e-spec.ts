import { readFileSync } from 'node:fs';
import type { Lang } from '../src/text/language.js';
import { anArticle, anAuthor, aSection } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Whether search finds what readers mean, over a judged set of the project's own (search-relevance.json, whose shape bench/search reads too). */

/** Among this many answers, the first, a reader looks. */
const SEEN = 10;
/** Shares of one; the set's halves hold each, and each category of both halves together `category`. */
const TARGETS = { recall: 0.97, mrr: 0.95, precision: 0.95, zero: 0.01, category: 0.9 };

interface Judged {
  readonly documents: readonly Text[];
  readonly queries: readonly Query[];
}

interface Text {
  readonly id: string;
  readonly lang: Lang;
  readonly section: string;
  readonly author: string;
  readonly publishedAt: string;
  readonly title: string;
  readonly summary: string;
  readonly body: string;
}

interface Query {
  readonly id: string;
  /** `tune` may be looked at while working on the search, `held` may not. */
  readonly set: 'tune' | 'held';
  readonly category: string;
  readonly q: string;
  readonly mode?: 'suggest';
  readonly relevant: readonly string[];
  readonly alsoOk?: readonly string[];
  readonly forbidden?: readonly string[];
  /** Nothing is judged but that there is an answer. */
  readonly expect?: 'safe';
}

interface Score {
  readonly query: Query;
  readonly recall: number;
  /** One over the place of the first text that was wanted; 0: none came. */
  readonly rank: number;
  /** Null where nothing came. */
  readonly precision: number | null;
  readonly forbidden: number;
  readonly found: readonly string[];
  /** How far search had to go; undefined of suggestions. */
  readonly answeredBy: string | null | undefined;
}

const { documents, queries } = JSON.parse(readFileSync(new URL('search-relevance.json', import.meta.url), 'utf8')) as Judged;
const judged = queries.filter((query) => query.expect !== 'safe');

let world: TestApp;
/** Which text an article is. */
const texts = new Map<number, string>();

beforeAll(async () => {
  world = await startTestApp();
  const once = <Made>(make: (name: string) => Promise<Made>): ((name: string) => Promise<Made>) => {
    const made = new Map<string, Promise<Made>>();
    return (name) => made.get(name) ?? made.set(name, make(name)).get(name)!;
  };
  const sectionOf = once((name) => aSection(world, { name: { ar: name } }));
  const authorOf = once((name) => anAuthor(world, { name: /[a-z]/i.test(name) ? { en: name } : { ar: name } }));
  for (const { id, lang, section, author, publishedAt, title, summary, body } of documents) {
    const article = await anArticle(world, {
      lang,
      title,
      // Publication demands one.
      summary: summary === '' ? title : summary,
      body: `<p>${body}</p>`,
      sectionId: (await sectionOf(section)).id,
      byline: [{ authorId: (await authorOf(author)).id }],
      publishedAt,
    });
    texts.set(article.id, id);
  }
});
afterAll(() => world.close());

async function scoreOf(query: Query): Promise<Score> {
  const path = query.mode === 'suggest' ? 'search/suggest?' : `search?limit=${SEEN}&`;
  const { status, body } = await world.get(`/api/v1/${path}q=${encodeURIComponent(query.q)}`);
  expect([query.q, status]).toEqual([query.q, 200]);
  const { items, answeredBy } = body as { items: { id: number }[]; answeredBy?: string | null };
  const found = items.slice(0, SEEN).map(({ id }) => texts.get(id)!);
  const welcome = new Set([...query.relevant, ...(query.alsoOk ?? [])]);
  const first = found.findIndex((id) => query.relevant.includes(id));
  return {
    query,
    recall: query.relevant.filter((id) => found.includes(id)).length / Math.min(SEEN, query.relevant.length),
    rank: first < 0 ? 0 : 1 / (first + 1),
    precision: found.length === 0 ? null : found.filter((id) => welcome.has(id)).length / found.length,
    forbidden: found.filter((id) => query.forbidden?.includes(id)).length,
    found,
    answeredBy,
  };
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** @returns a line for each target that is missed, with its figure */
function missed(scores: readonly Score[]): string[] {
  const figures = {
    recall: mean(scores.map(({ recall }) => recall)),
    mrr: mean(scores.map(({ rank }) => rank)),
    precision: mean(scores.flatMap(({ precision }) => precision ?? [])),
    zero: mean(scores.map(({ found }) => (found.length === 0 ? 1 : 0))),
  };
  const lines = (['recall', 'mrr', 'precision'] as const).filter((name) => figures[name] < TARGETS[name]).map((name) => `${name} ${figures[name].toFixed(3)}`); // prettier-ignore
  if (figures.zero > TARGETS.zero) lines.push(`nothing found ${figures.zero.toFixed(3)}`);
  const forbidden = scores.filter((score) => score.forbidden > 0);
  if (forbidden.length > 0) lines.push(`forbidden in ${forbidden.length}`);
  return lines;
}

/** The queries that were not answered as judged, to be read by whoever mends the search. */
const explained = (scores: readonly Score[]): string =>
  scores
    .filter(({ recall, rank, precision, forbidden }) => recall < 1 || rank < 1 || precision !== 1 || forbidden > 0)
    .map(
      ({ query, found, answeredBy }) =>
        `${query.id} ${query.category} «${query.q}»: wanted ${query.relevant.join(', ')}; came ${found.join(', ')} by ${answeredBy}`,
    ) // prettier-ignore
    .join('\n');

describe('Search, over a judged set', () => {
  const scores: Score[] = [];
  beforeAll(async () => {
    for (const query of judged) scores.push(await scoreOf(query));
  });

  it.each(['tune', 'held'] as const)('finds what readers mean (%s)', (set) => {
    const half = scores.filter(({ query }) => query.set === set);
    expect(missed(half), explained(half)).toEqual([]);
  });

  it('finds it however it is spelled: no category is left behind', () => {
    const weak = [...new Set(judged.map(({ category }) => category))]
      .map((category) => ({ category, of: scores.filter(({ query }) => query.category === category) }))
      .map(({ category, of }) => ({ category, of, recall: mean(of.map(({ recall }) => recall)) }))
      .filter(({ recall }) => recall < TARGETS.category);
    expect(weak.map(({ category, recall }) => `${category} ${recall.toFixed(2)}`), weak.map(({ of }) => explained(of)).join('\n')).toEqual([]); // prettier-ignore
  });

  it('answers whatever is asked', async () => {
    for (const { q } of queries.filter((query) => query.expect === 'safe')) {
      const { status } = await world.get(`/api/v1/search?limit=${SEEN}&q=${encodeURIComponent(q)}`);
      expect([q, status < 500]).toEqual([q, true]);
    }
  });
});
