import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { Corrections } from './corrections.service.js';
import { DeskLexiconController } from './desk-lexicon.controller.js';
import { DeskSpellingController } from './desk-spelling.controller.js';
import { LexiconGroup } from './lexicon.entity.js';
import { LexiconService } from './lexicon.service.js';
import { Names } from './names.service.js';
import { NewestArticles } from './newest.service.js';
import { SearchIndexJob } from './search-index.job.js';
import { SearchIndex } from './search-index.service.js';
import { SearchController } from './search.controller.js';
import { SearchService } from './search.service.js';
import { SuggestService } from './suggest.service.js';

@Module({
  imports: [ArticlesModule, AuditModule, TypeOrmModule.forFeature([LexiconGroup])],
  controllers: [DeskLexiconController, DeskSpellingController, SearchController],
  providers: [Corrections, LexiconService, Names, NewestArticles, SearchIndex, SearchIndexJob, SearchService, SuggestService],
  exports: [LexiconService, SearchIndex, SearchIndexJob, SearchService],
})
export class SearchModule {}
