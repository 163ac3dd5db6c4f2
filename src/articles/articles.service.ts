import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import type { Cursor } from '../http/cursor.js';
import { NotFound } from '../http/problem.js';
import { Moved, Published, type PageRow, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { foldSlug, idOrFolded } from '../text/slug.js';
import type { Wording } from '../text/wording.js';
import { articleAnswer, articleThere, isId, type ArticleFound, type ArticleRow } from './article-answer.js';
import type { ArticleCard } from './article-card.js';
import type { ArticlePage, ListArticles } from './article.dto.js';
import {
  articleById,
  articleByOldAddress,
  articleBySlug,
  articlePage,
  besideArticle,
  cardsById,
  foundArticles,
  seriesForPage,
  tagForPage,
} from './articles.queries.js';
import { oldAddressesOf } from './old-address.js';

/** An article as a page shows it. */
export interface ReadArticle {
  readonly article: ArticlePage;
  /** With the article as `/articles/{id}` gives it. */
  readonly row: PublishedRow;
  /** The center's name and language. */
  readonly center: Wording;
  readonly home: Lang;
  /** The zone of its dates. */
  readonly zone: string;
  /** Whether it can be mailed to friends from here. */
  readonly mailSharing: boolean;
  /** Ids of the notices that came with a later revision than the one asked about. */
  readonly since: readonly number[];
  /** The nearest of its polls, three at most. */
  readonly polls: readonly { readonly id: number; readonly question: Wording }[];
}

/** Polls whose question a page shows: a section may have dozens open. */
const POLLS_SHOWN = 3;
/** One of the lists of articles that pages show; nothing named: all of them. */
export interface CardList {
  readonly section?: string;
  readonly author?: string;
  readonly tag?: string;
  readonly series?: string;
}

/** A page of such a list. */
export interface Cards {
  readonly items: readonly ArticleCard[];
  readonly nextCursor: string | null;
}

/** A series or a tag as its page shows it. */
export interface ReadGathering extends PageRow {
  readonly id: number;
  readonly slug: string;
  readonly name: Wording;
  readonly description: Wording;
}

/** A live article as whoever found it shows it. */
export interface FoundArticle {
  readonly id: number;
  readonly lang: Lang;
  /** As `/articles` gives it. */
  readonly card: ArticleCard;
  readonly summary: string;
  /** Without markup. */
  readonly text: string;
}

/** What readers get of articles, through the reader door. */
@Injectable()
export class ArticlesService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
  ) {}

  /** A page of cards as `/articles` gives it. */
  async list(query: ListArticles): Promise<Published> {
    const row = await this.reader.row<PublishedRow & { next: string | null }>(...articlePage(query, this.addresses.origin));
    const { cursor: _, limit, ...given } = query;
    const next = row!.next === null ? null : this.addresses.api(['articles'], { ...given, limit: String(limit), cursor: row!.next });
    return new Published(row!, next);
  }

  /** A page of cards, in every language. @param names language of names */
  async cards(list: CardList, names: Lang | undefined, limit: number, cursor: Cursor | undefined): Promise<Cards> {
    const row = await this.reader.row<PublishedRow>(...articlePage({ ...list, limit, cursor }, this.addresses.origin, names));
    return JSON.parse(row!.body) as Cards;
  }

  /** Cards of those that are live, by id. @param names language of names */
  async cardsOf(ids: readonly number[], names: Lang | undefined): Promise<ReadonlyMap<number, ArticleCard>> {
    const rows = await this.reader.rows<{ id: number; card: ArticleCard }>(cardsById, [names, this.addresses.origin, ids]);
    return new Map(rows.map(({ id, card }) => [id, card]));
  }

  /** @throws NotFound also for a series nothing of which is public */
  async series(idOrSlug: string): Promise<ReadGathering> {
    const row = await this.reader.row<ReadGathering>(seriesForPage, idOrFolded(idOrSlug));
    if (row === null) throw new NotFound();
    return row;
  }

  /** @throws NotFound also for a tag that nothing public bears */
  async tag(idOrSlug: string): Promise<ReadGathering> {
    const row = await this.reader.row<ReadGathering>(tagForPage, idOrFolded(idOrSlug));
    if (row === null) throw new NotFound();
    return row;
  }

  /** Cards and texts of those that are live, by id. */
  async found(ids: readonly number[], lang: Lang | undefined): Promise<ReadonlyMap<number, FoundArticle>> {
    const rows = await this.reader.rows<FoundArticle>(foundArticles, [lang, this.addresses.origin, ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** @throws NotFound; Problem 410 `withdrawn` */
  async find(idOrSlug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const row = await this.row(idOrSlug, lang);
    const answer = articleAnswer(row, idOrSlug, (slug) => this.addresses.api(['articles', slug], { lang }));
    return answer instanceof Moved ? answer : new Published(answer);
  }

  /**
   * @param id digits @param sentWith number of the revision that a letter was sent with, if a letter led here
   * @throws as {@link find}
   */
  async read(id: string, lang: Lang | undefined, sentWith: number | null): Promise<ReadArticle> {
    const row = articleThere(await this.row(id, lang));
    const article = JSON.parse(row.body) as ArticlePage;
    const polls = article.polls.slice(0, POLLS_SHOWN).map((poll) => poll.id);
    const beside = await this.reader.row<Omit<ReadArticle, 'article' | 'row'>>(besideArticle, [id, sentWith, polls]);
    return { ...beside!, article, row };
  }

  /**
   * @param url path and query of a request that nothing of ours stands at
   * @returns the address of the piece that stood there on the old site; null for none that is public
   * @throws Problem 410 `withdrawn`
   */
  async atOldAddress(url: string): Promise<string | null> {
    const addresses = oldAddressesOf(url);
    if (addresses.length === 0) return null;
    const row = await this.reader.row<ArticleFound & { id: number }>(articleByOldAddress, [addresses]);
    return row === null ? null : `${this.addresses.origin}/articles/${row.id}/${encodeURIComponent(articleThere(row).slug)}`;
  }

  private row(idOrSlug: string, lang: Lang | undefined): Promise<ArticleRow | null> {
    const byId = isId(idOrSlug);
    const values = [byId ? idOrSlug : foldSlug(idOrSlug), lang, this.addresses.origin];
    return this.reader.row<ArticleRow>(byId ? articleById : articleBySlug, values);
  }
}
