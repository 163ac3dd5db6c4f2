import { Injectable } from '@nestjs/common';
import { articleThere, type ArticleFound } from '../articles/article-answer.js';
import { ArticlesService } from '../articles/articles.service.js';
import { Reader } from '../database/reader.js';
import { Published } from '../http/published.js';
import type { Visitor } from '../http/visits.js';
import { ArticleViews } from './article-views.service.js';
import type { Period } from './periods.js';
import type { ListMostRead, MostRead } from './readership.dto.js';
import { articleToView, mostRead, type MostReadRow } from './readership.queries.js';

export type { MostReadPiece } from './readership.queries.js';

/** What is read, as far as readers meet it, through the reader door. */
@Injectable()
export class ReadershipService {
  constructor(
    private readonly reader: Reader,
    private readonly articles: ArticlesService,
    private readonly views: ArticleViews,
  ) {}

  /** Titles of the most read, for a page, in one read. @param limit at most 50 are known */
  async titles(period: Period, limit: number): Promise<MostReadRow> {
    return (await this.reader.row<MostReadRow>(mostRead, [period, limit]))!;
  }

  /** Their cards. They are read after the ranking, so that they are never older than its date. */
  async list({ period, lang, limit }: ListMostRead): Promise<Published> {
    const { pieces, modified, settled } = await this.titles(period, limit);
    const cards = await this.articles.cardsOf(
      pieces.map(({ id }) => id),
      lang,
    );
    const list: MostRead = { items: pieces.flatMap(({ id }) => cards.get(id) ?? []), period };
    return new Published({ body: JSON.stringify(list), modified, settled });
  }

  /** Counts that a piece was read. @throws NotFound; Problem 410 `withdrawn` */
  async see(id: number, visitor: Visitor): Promise<void> {
    articleThere(await this.reader.row<ArticleFound>(articleToView, [id]));
    this.views.count(id, 'views', visitor);
  }
}
