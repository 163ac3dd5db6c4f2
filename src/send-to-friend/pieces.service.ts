import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import type { Dir, Lang } from '../text/language.js';

export interface Piece {
  readonly id: number;
  readonly lang: Lang;
  readonly dir: Dir;
  readonly title: string;
  readonly byline: readonly string[];
  readonly dateline: string | null;
  readonly summary: string | null;
  readonly status: 'published' | 'corrected' | 'retracted';
  readonly href: string;
}

@Injectable()
export class Pieces {
  constructor(private readonly addresses: Addresses) {}

  async find(manager: EntityManager, articleId: number, _lang: Lang | null): Promise<Piece | null> {
    const [piece] = await manager.query<(Omit<Piece, 'byline' | 'href'> & { path: string })[]>(
      `select id, lang, dir, title, dateline, summary, status, '/articles/' || id || '/' || slug_encoded || '?r=' || revision as path from pub.articles where id = $1`,
      [articleId],
    );
    if (!piece) return null;
    const { path, ...rest } = piece;
    return { ...rest, byline: [], href: this.addresses.origin + path };
  }
}
