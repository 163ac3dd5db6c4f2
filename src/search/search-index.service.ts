import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PublicChanges } from '../articles/public-changes.js';
import { ANALYSER, analyse, type Token } from '../text/analyser.js';
import { fold } from '../text/fold.js';
import type { Lang } from '../text/language.js';
import { latinStems } from './latin-stems.js';
import { addWords, doubtWords, forgetForms, indexedTexts, indexedWords, liveTexts, removeWithdrawn, removeWords, hearWords, showForms, showPlainer, shownWords, unheardWords, writeRows } from './search-index.queries.js'; // prettier-ignore
import { soundOf } from './sound.js';
import { TsVector } from './tsvector.js';

/** Before a skeleton in the vectors, so that no stem is taken for one: no token holds it. */
export const SKELETON = '~';

/**
 * Keeps `article_search` and its vocabulary as the live texts are.
 *
 * A word leaves the vocabulary with the last text that holds it. So that no word is taken away which another transaction has just found there
 * and relies on, whoever adds texts shares a lock, and whoever takes words out holds it alone. Which of the two is decided before it is taken:
 * two who share it and then both want it alone would wait for each other for ever.
 */
@Injectable()
export class SearchIndex {
  constructor(changes: PublicChanges) {
    // Not at module start: the sample center is published before that.
    changes.register('search index', (tx, { articleIds }) => this.index(tx, articleIds));
  }

  /** Writes what search knows of these pieces anew, and takes out those that are no longer public, with their words. In the caller's transaction, which holds them. */
  async index(tx: EntityManager, articleIds: readonly number[]): Promise<void> {
    // Their rows stand still: whoever changes one holds its article. A piece published for the first time takes nothing out.
    const [{ known }] = await tx.query<[{ known: boolean }]>(
      `select exists (select from article_search where article_id = any($1::int[])) as known`,
      [articleIds],
    );
    if (!known) {
      await shareVocabulary(tx);
      await this.write(tx, articleIds);
      return;
    }
    await aloneWithVocabulary(tx);
    const before = formsIn(await tx.query<LiveText[]>(indexedTexts, [articleIds]));
    const { texts, words, lost } = await this.write(tx, articleIds);
    if (lost.length > 0) await tx.query(removeWords, [lost]);
    const after = formsIn(texts);
    const gone = [...before].filter((form) => !after.has(form));
    if (gone.length > 0) await tx.query(forgetForms, [words, gone]);
  }

  /**
   * As {@link index}, without keeping publications waiting: words that may be no text's any more are only marked, for {@link sweep}.
   * In a transaction that holds these articles.
   */
  async indexAnew(tx: EntityManager, articleIds: readonly number[]): Promise<void> {
    await shareVocabulary(tx);
    const { lost } = await this.write(tx, articleIds);
    if (lost.length > 0) await tx.query(doubtWords, [lost]);
  }

  /** Looks up some of the marked words: takes out what no text holds, and shows what has no form in one that a text has. @returns whether there were any */
  async sweep(tx: EntityManager): Promise<boolean> {
    const [{ some }] = await tx.query<[{ some: boolean }]>(`select exists (select from search_vocabulary where doubtful) as some`);
    if (!some) return false;
    await aloneWithVocabulary(tx);
    const doubtful = await tx.query<{ word: string }[]>(
      `select word from search_vocabulary where doubtful order by word limit $1 for update`,
      [SWEPT_AT_ONCE],
    );
    const words = doubtful.map(({ word }) => word);
    await tx.query(removeWords, [words]);
    const held = await tx.query<{ id: number }[]>(
      `select distinct h.article_id as id from search_words_held($1::text[]) h join search_vocabulary v on v.word = h.word and v.shown = v.word`,
      [words],
    );
    const entries = await this.entries(tx, await tx.query<LiveText[]>(liveTexts, [held.map(({ id }) => id)]));
    await tx.query(showForms, Forms.columns(entries.map(({ forms }) => forms)));
    await tx.query(`update search_vocabulary set doubtful = false where word = any($1::text[])`, [words]);
    return true;
  }

  /** Reckons how some words sound of which it is not known. @returns whether there were any */
  async hear(tx: EntityManager): Promise<boolean> {
    const words = await tx.query<{ word: string; shown: string }[]>(unheardWords, [HEARD_AT_ONCE]);
    if (words.length > 0) await tx.query(hearWords, [words.map(({ word }) => word), words.map(({ shown }) => soundOf(fold(shown)))]);
    return words.length > 0;
  }

  private async entries(tx: EntityManager, texts: readonly LiveText[]): Promise<Entry[]> {
    const entries = [];
    for (const text of texts) entries.push(await entryOf(tx, text));
    return entries;
  }

  /** @returns the live texts, the words held before, and of these what is lost: one of the pieces held it and no longer does */
  private async write(tx: EntityManager, articleIds: readonly number[]): Promise<{ texts: LiveText[]; words: string[]; lost: string[] }> {
    const before = await tx.query<{ id: number; words: string[] }[]>(indexedWords, [articleIds, SKELETON]);
    const texts = await tx.query<LiveText[]>(liveTexts, [articleIds]);
    const entries = await this.entries(tx, texts);
    if (before.length > 0) await tx.query(removeWithdrawn, [articleIds]);
    if (entries.length > 0) {
      const columns = [entries.map(({ id }) => id), entries.map(({ title }) => title), entries.map(({ head }) => head), entries.map(({ body }) => body)]; // prettier-ignore
      await tx.query(writeRows, [...columns, ANALYSER]);
      await this.learn(tx, ...Forms.columns(entries.map(({ forms }) => forms)));
    }
    const after = new Map(entries.map(({ id, forms }) => [id, forms]));
    const words = [...new Set(before.flatMap((row) => row.words))];
    const lost = [...new Set(before.flatMap((row) => row.words.filter((word) => !after.get(row.id)?.has(word))))];
    return { texts, words, lost };
  }

  /** Most words are known, in a form as plain: those are only read, for a common one would else be locked by every publication. */
  private async learn(tx: EntityManager, words: readonly string[], forms: readonly string[]): Promise<void> {
    const rows = await tx.query<{ word: string; shown: string }[]>(shownWords, [words]);
    const shown = new Map(rows.map((row) => [row.word, row.shown]));
    const unknown = words.flatMap((word, n) => (shown.has(word) ? [] : [n]));
    // One that another process has just added too may be shown more plainly here.
    const plainer = words.flatMap((word, n) => ([...forms[n]!].length < [...(shown.get(word) ?? '')].length ? [n] : [])).concat(unknown);
    const columns = (places: readonly number[]): string[][] => [places.map((n) => words[n]!), places.map((n) => forms[n]!)];
    if (unknown.length > 0) await tx.query(addWords, [...columns(unknown), unknown.map((n) => soundOf(fold(forms[n]!)))]);
    if (plainer.length > 0) await tx.query(showPlainer, columns(plainer));
  }
}

/** Each may cost an index scan and a text to be analysed while nobody publishes. */
const SWEPT_AT_ONCE = 50;
/** Some milliseconds. */
const HEARD_AT_ONCE = 500;

/** Migration 13 takes the same lock for a change of names. */
function shareVocabulary(tx: EntityManager): Promise<unknown> {
  return tx.query(`select pg_advisory_xact_lock_shared(hashtextextended('search vocabulary', 0))`);
}

function aloneWithVocabulary(tx: EntityManager): Promise<unknown> {
  return tx.query(`select pg_advisory_xact_lock(hashtextextended('search vocabulary', 0))`);
}

interface LiveText {
  readonly id: number;
  readonly lang: Lang;
  readonly title: string;
  readonly kicker: string | null;
  readonly summary: string | null;
  readonly text: string;
  /** Of authors and tags, in every language they are written in. */
  readonly names: readonly string[];
}

interface Entry {
  readonly id: number;
  readonly title: string;
  readonly head: string;
  readonly body: string;
  readonly forms: Forms;
}

/** What the index holds of a text: see the table in docs/search.md. */
async function entryOf(tx: EntityManager, { id, lang, title, kicker, summary, names, text }: LiveText): Promise<Entry> {
  const parts = [title, kicker ?? '', summary ?? '', ...names].map((part) => ({ part, tokens: analyse(part) }));
  const inBody = { part: text, tokens: analyse(text) };
  const all = [...parts, inBody];
  const latin = all.flatMap(({ tokens }) => tokens.filter(({ arabic }) => !arabic).map(({ stem }) => stem));
  const stems = latin.length === 0 ? new Map<string, string>() : await latinStems(tx, lang, latin);
  const stemOf = ({ arabic, stem }: Token): string => (arabic ? stem : (stems.get(stem) ?? stem));

  const head = new TsVector();
  // It holds the words of the head too: of a query's words one may stand in the title and another in the text.
  const body = new TsVector();
  let position = 0;
  for (const [index, { tokens }] of parts.entries()) {
    for (const token of tokens) {
      position += 1;
      head.add(stemOf(token), position, index === 0 ? 'A' : 'B');
      body.add(stemOf(token), position);
      for (const skeleton of token.skeletons) {
        head.add(SKELETON + skeleton, position, 'C');
        body.add(SKELETON + skeleton);
      }
    }
    // No phrase reaches from one part into the next.
    position += 1;
  }
  for (const token of inBody.tokens) {
    position += 1;
    body.add(stemOf(token), position);
    for (const skeleton of token.skeletons) body.add(SKELETON + skeleton);
  }
  const forms = new Forms();
  for (const { part, tokens } of all) {
    for (const token of tokens) {
      const stem = stemOf(token);
      if (head.has(stem) || body.has(stem)) forms.see(stem, token.word, () => formOf(part, token));
    }
  }
  const folded = parts[0]!.tokens.map(({ word }) => word).join(' ');
  return { id, title: folded, head: String(head), body: String(body), forms };
}

/** Of each stem the plainest form seen: the shortest, which has the fewest prefixes and endings. */
class Forms {
  readonly shown = new Map<string, { readonly word: string; readonly form: string }>();

  /** @param word folded, by which forms are compared @param form asked for where it is the plainest so far */
  see(stem: string, word: string, form: () => string): void {
    const before = this.shown.get(stem)?.word;
    if (before === undefined || word.length < before.length || (word.length === before.length && word < before))
      this.shown.set(stem, { word, form: form() });
  }

  has(stem: string): boolean {
    return this.shown.has(stem);
  }

  /** As parameters of SQL: stems, and their forms. */
  static columns(all: readonly Forms[]): [stems: string[], forms: string[]] {
    const together = new Forms();
    for (const { shown } of all) for (const [stem, { word, form }] of shown) together.see(stem, word, () => form);
    return [[...together.shown.keys()], Array.from(together.shown.values(), ({ form }) => form)];
  }
}

/** Every word of these texts as {@link formOf} has it. */
function formsIn(texts: readonly LiveText[]): Set<string> {
  const forms = new Set<string>();
  for (const { title, kicker, summary, text, names } of texts)
    for (const part of [title, kicker ?? '', summary ?? '', ...names, text])
      for (const token of analyse(part)) forms.add(formOf(part, token));
  return forms;
}

/** A word as people write it: as it stands in the text, without vowel signs, tatweel and what cannot be seen. */
function formOf(text: string, { start, end, word }: Token): string {
  const written = text
    .slice(start, end)
    .normalize('NFC')
    .replaceAll(/[\p{M}\p{Cf}\u0640]/gu, '');
  // Of a ligature that stands for several words the word alone.
  return analyse(written).length === 1 ? written : word;
}
