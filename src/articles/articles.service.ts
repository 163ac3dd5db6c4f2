import { Injectable } from '@nestjs/common';
import { Reader } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { NotFound, Problem } from '../http/problem.js';
import { Moved, Published, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
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
    const byId = /^\d+$/.test(idOrSlug);
    const row = await this.reader.row<PublishedRow & { slug: string | null; withdrawn: boolean; reason: string | null }>(
      byId ? articleById : articleBySlug,
      [byId ? idOrSlug : foldSlug(idOrSlug), lang, this.addresses.origin],
    );
    if (row?.withdrawn) throw withdrawn(row.reason);
    if (row === null || row.slug === null) throw new NotFound();
    if (!byId && row.slug !== idOrSlug) return new Moved(this.addresses.api(['articles', row.slug], { lang }));
    return new Published(row);
  }
}

/** The refusal of what is asked about a withdrawn piece. The reason stands isolated, because its language is the article's and not the sentence's. */
export function withdrawn(reason: string | null): Problem {
  const why = reason === null ? '' : `: \u2068${reason}\u2069`;
  return new Problem(410, 'withdrawn', {
    ar: `سُحبت هذه المادة نهائيًّا${why || '.'}`,
    en: `This piece has been withdrawn for good${why || '.'}`,
  });
}
