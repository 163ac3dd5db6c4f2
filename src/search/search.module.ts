import { Module } from '@nestjs/common';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { SearchIndexJob } from './search-index.job.js';
import { SearchIndex } from './search-index.service.js';

@Module({
  imports: [ArticlesModule, AuditModule],
  providers: [SearchIndex, SearchIndexJob],
  exports: [SearchIndex, SearchIndexJob],
})
export class SearchModule {}
