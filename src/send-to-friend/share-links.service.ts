import { Injectable } from '@nestjs/common';
import { articleAnswer, isId, type ArticleFound } from '../articles/article-answer.js';
import { Reader, statement, type Statement } from '../database/reader.js';
import { Addresses } from '../http/addresses.js';
import { Moved, Published, validity, type PublishedRow } from '../http/published.js';
import type { Lang } from '../text/language.js';
import { foldSlug } from '../text/slug.js';
import { shareLinks } from './share-links.js';

interface SharedRow extends ArticleFound, Omit<PublishedRow, 'body'> {
  readonly title: string;
  readonly lang: Lang;
  readonly url: string;
  readonly mail: boolean;
}

/** Passing a piece on without this server, through the reader door. */
@Injectable()
export class ShareLinksService {
  constructor(
    private readonly reader: Reader,
    private readonly addresses: Addresses,
  ) {}

  /** @throws NotFound; Problem 410 `withdrawn` */
  async find(idOrSlug: string, lang: Lang | undefined): Promise<Published | Moved> {
    const byId = isId(idOrSlug);
    const values = [byId ? idOrSlug : foldSlug(idOrSlug), this.addresses.origin];
    const row = await this.reader.row<SharedRow>(byId ? sharedById : sharedBySlug, values);
    const answer = articleAnswer(row, idOrSlug, (slug) => this.addresses.api(['articles', slug, 'share-links'], { lang }));
    return answer instanceof Moved ? answer : new Published({ ...answer, body: JSON.stringify(shareLinks(answer)) });
  }
}

/** What is to be shared. $1 id or folded slug, $2 base of addresses. No row: never public. */
function shared(hit: string): Statement {
  return statement(`
    with hit as materialized (${hit})
    select a.slug, a.title, a.lang, a.url, home.mail_sharing as mail, withdrawal.article_id is not null as withdrawn, withdrawal.reason,
      ${validity('clock.changed_at')}
    from hit cross join pub.clock cross join pub.center home
    left join lateral (select w.article_id, w.reason from pub.withdrawals w where w.article_id = hit.article_id offset 0) withdrawal on true
    left join lateral (
      -- offset 0 keeps the planner from building the whole barrier view first.
      select a.slug, a.title, a.lang, $2::text || '/articles/' || a.id || '/' || a.slug_encoded as url
      from pub.articles a where a.id = hit.article_id offset 0) a on true`);
}

const sharedById = shared(`select $1::int as article_id`);
const sharedBySlug = shared(`select article_id from pub.slugs where slug_folded = $1`);
