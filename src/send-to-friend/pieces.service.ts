import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import type { Dir, Lang } from '../text/language.js';

/** A piece that readers may see, as much of it as a letter shows. */
export interface Piece {
  readonly id: number;
  readonly lang: Lang;
  readonly dir: Dir;
  /** As every list shows it: of a retracted piece it says so. */
  readonly title: string;
  /** Names, in order. */
  readonly byline: readonly string[];
  readonly dateline: string | null;
  readonly summary: string | null;
  readonly status: 'published' | 'corrected' | 'retracted';
  /** Its canonical address and `?r=<revision>`, by which its page can say that it was corrected since. The same for everybody. */
  readonly href: string;
}

/** The pieces that can be sent: those that readers can see now, and no other. */
@Injectable()
export class Pieces {
  constructor(private readonly addresses: Addresses) {}

  /** @returns null where nothing is public now: `pub.articles` decides, as for every reader */
  async find(manager: EntityManager, articleId: number): Promise<Piece | null> {
    const [piece] = await manager.query<Piece[]>(PIECE, [articleId, this.addresses.origin]);
    return piece ?? null;
  }

  /** @returns the piece published last, or null where there is none */
  async newest(manager: EntityManager): Promise<Piece | null> {
    const [newest] = await manager.query<{ id: number }[]>(
      `select article_id as id from pub.listings where list = 'all' order by published_at desc, article_id desc limit 1`,
    );
    return newest ? this.find(manager, newest.id) : null;
  }
}

/** The names are in the piece's own language, like all that the letter shows of it. $1 id, $2 base of addresses. */
const PIECE = `
  select a.id, a.lang, a.dir, a.title, a.status, a.dateline, nullif(a.summary, '') as summary,
    coalesce((
      select json_agg(pub.wording(u.name, a.lang, home.lang) order by u.place)
      from rows from (jsonb_to_recordset(a.byline) as (name jsonb)) with ordinality u (name, place)), '[]') as byline,
    $2::text || '/articles/' || a.id || '/' || a.slug_encoded || '?r=' || a.revision as href
  from pub.articles a, pub.center home where a.id = $1`;
