import { Module } from '@nestjs/common';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuthorsModule } from '../authors/authors.module.js';
import { MastheadModule } from '../masthead/masthead.module.js';
import { SectionsModule } from '../sections/sections.module.js';
import { PageImportService } from './page-import.service.js';

@Module({
  imports: [MastheadModule, SectionsModule, AuthorsModule, ArticlesModule],
  providers: [PageImportService],
})
export class ImportModule {}
