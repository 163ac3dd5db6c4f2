import { Module } from '@nestjs/common';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { Corrections } from './corrections.service.js';
import { SearchIndexJob } from './search-index.job.js';
import { SearchIndex } from './search-index.service.js';
import { Names } from './names.service.js';
import { SearchController } from './search.controller.js';
import { SearchService } from './search.service.js';
import { SuggestService } from './suggest.service.js';

@Module({
  imports: [ArticlesModule, AuditModule],
  controllers: [SearchController],
  providers: [SearchIndex, SearchIndexJob, SearchService, SuggestService, Names, Corrections],
  exports: [SearchIndex, SearchIndexJob],
})
export class SearchModule {}
