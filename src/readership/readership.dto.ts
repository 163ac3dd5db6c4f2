import { ApiProperty } from '@nestjs/swagger';
import { ArticleCard } from '../articles/article-card.js';
import { OneOf, PageQuery } from '../http/query.js';
import { PERIODS, type Period } from './periods.js';

const CHOICES = Object.keys(PERIODS);

export class ListMostRead extends PageQuery {
  @OneOf(CHOICES, { description: 'The last 24 hours (so, unless said otherwise), 7 days or 30 days.' })
  period: Period = '24h';
}

/** What was read most, the most read first. */
export class MostRead {
  @ApiProperty({ type: [ArticleCard], description: 'Pieces in every language, 50 at the most. What was retracted is never among them.' })
  items: ArticleCard[];

  @ApiProperty({ enum: CHOICES, example: '24h' })
  period: Period;
}
