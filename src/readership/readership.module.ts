import { Module } from '@nestjs/common';
import { ArticlesModule } from '../articles/articles.module.js';
import { ArticleViews } from './article-views.service.js';
import { RankingJob } from './ranking.job.js';
import { ReadershipController } from './readership.controller.js';
import { ReadershipService } from './readership.service.js';

@Module({
  imports: [ArticlesModule],
  controllers: [ReadershipController],
  providers: [ArticleViews, RankingJob, ReadershipService],
  exports: [ReadershipService],
})
export class ReadershipModule {}
