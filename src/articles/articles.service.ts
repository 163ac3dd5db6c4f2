import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import { articleAnswer, isId, type ArticleRow } from './article-answer.js';
import type { ListArticles } from './article.dto.js';
import { articleById, articleBySlug, articlePage } from './articles.queries.js';

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

  /** @throws NotFound; Problem 410 `withdrawn` */
  async find(idOrSlug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const byId = isId(idOrSlug);
    const row = await this.reader.row<ArticleRow>(byId ? articleById : articleBySlug, [
      byId ? idOrSlug : foldSlug(idOrSlug),
      lang,
      this.addresses.origin,
    ]);
    const answer = articleAnswer(row, idOrSlug, (slug) => this.addresses.api(['articles', slug], { lang }));
    return answer instanceof Moved ? answer : new Published(answer);
  }
}
