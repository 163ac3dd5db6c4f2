import { Injectable } from '@nestjs/common';
import type { ArticleCard } from '../articles/article-card.js';
import { ArticlesService } from '../articles/articles.service.js';
import { Reader } from '../database/reader.js';
import type { PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { composed, type ComposedFront, type FrontPieces } from './composition.js';
import { frontNow } from './front.queries.js';

/** A front page with what it shows. */
export interface ReadFront extends ComposedFront {
  /** By id. What was withdrawn a moment ago is not among them, and not shown. */
  readonly cards: ReadonlyMap<number, ArticleCard>;
}

/** The front page as readers meet it, through the reader door. */
@Injectable()
export class FrontService {
  constructor(
    private readonly reader: Reader,
    private readonly articles: ArticlesService,
  ) {}

  /** @param names language of names @returns the front page of now, and when it last changed */
  async read(names: Lang | undefined): Promise<ReadFront & Pick<PublishedRow, 'modified' | 'settled'>> {
    const { modified, settled, ...pieces } = (await this.reader.row<FrontPieces & PublishedRow>(frontNow, []))!;
    return { ...(await this.shown(pieces, names)), modified, settled };
  }

  /** The front page of these pieces. @param names language of names */
  async shown(pieces: FrontPieces, names: Lang | undefined): Promise<ReadFront> {
    const front = composed(pieces);
    const ids = new Set([...(front.lead === null ? [] : [front.lead]), ...front.blocks.flatMap((block) => block.ids)]);
    return { ...front, cards: await this.articles.cardsOf([...ids], names) };
  }
}
