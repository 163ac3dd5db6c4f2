import { Module } from '@nestjs/common';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuthorsModule } from '../authors/authors.module.js';
import { MastheadModule } from '../masthead/masthead.module.js';
import { SectionsModule } from '../sections/sections.module.js';
import { SampleService } from './sample.service.js';

@Module({
  imports: [MastheadModule, SectionsModule, AuthorsModule, ArticlesModule],
  providers: [SampleService],
})
export class SampleModule {}
