import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ShareCountPage, type ListShareCounts } from './share.dto.js';
import { countPage, type CountRow } from './shares.queries.js';

/** What stays of shares: how many of which piece, by day. */
@Injectable()
export class ShareCounts {
  constructor(private readonly dataSource: DataSource) {}

  async list({ limit, cursor, articleId, from, to }: ListShareCounts): Promise<ShareCountPage> {
    const rows = await this.dataSource.query<CountRow[]>(countPage, [limit, cursor?.key, cursor?.id, articleId, from, to]);
    return ShareCountPage.of(rows, limit);
  }
}
