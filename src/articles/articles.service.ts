import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import type { Wording } from '../text/wording.js';
import { articleAnswer, articleThere, isId, type ArticleRow } from './article-answer.js';
import type { ArticleCard } from './article-card.js';
import type { ArticlePage, ListArticles } from './article.dto.js';
import { articleById, articleBySlug, articlePage, besideArticle, foundArticles } from './articles.queries.js';

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

  private row(idOrSlug: string, lang: Lang | undefined): Promise<ArticleRow | null> {
    const byId = isId(idOrSlug);
    const values = [byId ? idOrSlug : foldSlug(idOrSlug), lang, this.addresses.origin];
    return this.reader.row<ArticleRow>(byId ? articleById : articleBySlug, values);
  }
}
