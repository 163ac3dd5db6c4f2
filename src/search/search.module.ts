import { Module } from '@nestjs/common';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { SearchIndex } from './search-index.service.js';

@Module({
  imports: [ArticlesModule, AuditModule],
  providers: [SearchIndex],
  exports: [SearchIndex],
})
export class SearchModule {}
