import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { VisitCounts, type Count } from '../jobs/visit-counts.js';
import { Waker } from '../jobs/waker.js';

/** How often pieces are read, by hour. What comes at the end of an hour may be counted to the next. */
@Injectable()
export class ArticleViews extends VisitCounts<'views'> {
  constructor(
    private readonly dataSource: DataSource,
    waker: Waker,
  ) {
    super('article views', waker);
  }

  protected override async store(counts: readonly Count<'views'>[]): Promise<void> {
    await this.dataSource.query(WRITE, [counts.map(({ id }) => id), counts.map(({ times }) => times)]);
  }
}

/** $1 ids, each once; $2 how often. In the order of ids, so that two instances never wait for each other. */
const WRITE = `
  insert into article_views as v (article_id, hour, views)
  select a.id, date_trunc('hour', now(), 'UTC'), c.times
  from unnest($1::int[], $2::int[]) c (article_id, times) join articles a on a.id = c.article_id
  order by a.id
  on conflict on constraint article_views_pkey do update set views = v.views + excluded.views`;
