import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PublicChanges } from '../articles/public-changes.js';
import { ANALYSER, analyse } from '../text/analyser.js';
import { latinStems } from './latin-stems.js';
import { tsvector, type Lexeme } from './tsvector.js';

/** Before a skeleton in the vectors, so that no stem is taken for one: no token holds it. */
export const SKELETON = '~';

/** Keeps `article_search` and its vocabulary as the live texts are. */
@Injectable()
export class SearchIndex implements OnModuleInit {
  constructor(private readonly changes: PublicChanges) {}

  onModuleInit(): void {
    this.changes.register('search index', (tx, { articleIds }) => this.index(tx, articleIds));
  }

  /** Writes what search knows of these pieces anew, and takes out those that are no longer public. In the caller's transaction. */
  async index(tx: EntityManager, articleIds: readonly number[]): Promise<void> {
    await tx.query(
      `delete from article_search s where s.article_id = any($1::int[])
         and not exists (select from articles a where a.id = s.article_id and a.live_revision_id is not null)`,
      [articleIds],
    );
    for (const text of await tx.query<LiveText[]>(LIVE_TEXTS, [articleIds])) await this.write(tx, text);
  }

  private async write(tx: EntityManager, text: LiveText): Promise<void> {
    const title = analyse(text.title);
    const beside = [text.kicker ?? '', text.summary ?? '', ...text.names].map((part) => analyse(part));
    const body = analyse(text.text);
    const stems = await latinStems(tx, text.lang, [title, ...beside, body].flat().filter(({ arabic }) => !arabic).map(({ word }) => word)); // prettier-ignore
    const stemOf = (token: { arabic: boolean; stem: string }): string =>
      token.arabic ? token.stem : (stems.get(token.stem) ?? token.stem);

    const head: Lexeme[] = [];
    const inBody: Lexeme[] = [];
    let position = 0;
    const seen = new Map<string, string>();
    for (const [tokens, weight] of [[title, 'A'], ...beside.map((tokens) => [tokens, 'B'] as const)] as const) {
      for (const token of tokens) {
        position += 1;
        const stem = stemOf(token);
        seen.set(stem, token.word);
        head.push({ word: stem, places: [{ position, weight }] });
        for (const skeleton of token.skeletons) head.push({ word: SKELETON + skeleton, places: [{ position, weight: 'C' }] });
      }
      // No phrase reaches from one part into the next.
      position += 1;
    }
    for (const [index, token] of body.entries()) {
      const stem = stemOf(token);
      if (!seen.has(stem)) seen.set(stem, token.word);
      inBody.push({ word: stem, places: [{ position: index + 1, weight: 'D' }] });
      for (const skeleton of token.skeletons) inBody.push({ word: SKELETON + skeleton, places: [] });
    }
    await tx.query(
      `insert into article_search (article_id, revision_id, lang, section_id, author_ids, published_at, year, title, head, body, analyser)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9::tsvector, $10::tsvector, $11)
       on conflict (article_id) do update set revision_id = excluded.revision_id, lang = excluded.lang, section_id = excluded.section_id,
         author_ids = excluded.author_ids, published_at = excluded.published_at, year = excluded.year, title = excluded.title,
         head = excluded.head, body = excluded.body, analyser = excluded.analyser`,
      [text.id, text.revisionId, text.lang, text.sectionId, text.authorIds, text.publishedAt, text.year, title.map(({ word }) => word).join(' '), tsvector(head), tsvector(inBody), ANALYSER], // prettier-ignore
    );
    await tx.query(
      `insert into search_vocabulary (word, shown, analyser)
       select word, shown, $3 from unnest($1::text[], $2::text[]) as w (word, shown) order by word collate "C"
       on conflict (word) do nothing`,
      [[...seen.keys()], [...seen.values()], ANALYSER],
    );
  }
}

interface LiveText {
  readonly id: number;
  readonly revisionId: number;
  readonly lang: 'ar' | 'en' | 'fr';
  readonly sectionId: number;
  readonly authorIds: readonly number[];
  readonly publishedAt: Date;
  readonly year: number;
  readonly title: string;
  readonly kicker: string | null;
  readonly summary: string | null;
  readonly text: string;
  /** Of authors and tags, in every language they are written in. */
  readonly names: readonly string[];
}

const LIVE_TEXTS = `
  select a.id, r.id as "revisionId", a.lang, r.section_id as "sectionId", a.published_at as "publishedAt",
    extract(year from a.published_at at time zone center.zone)::int as year, r.title, r.kicker, r.summary, r.plain_text as text,
    array(select author_id from revision_authors where revision_id = r.id order by position) as "authorIds",
    array(
      select w.value from revision_authors b join authors u on u.id = b.author_id cross join jsonb_each_text(u.name) w where b.revision_id = r.id
      union all
      select w.value from revision_tags t join tags g on g.id = t.tag_id cross join jsonb_each_text(g.name) w where t.revision_id = r.id) as names
  from articles a join revisions r on r.id = a.live_revision_id cross join center
  where a.id = any($1::int[]) order by a.id`;
