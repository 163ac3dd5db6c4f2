import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { Article } from './article.entity.js';
import { ArticlesController } from './articles.controller.js';
import { ArticlesService } from './articles.service.js';
import { DeskSeriesController } from './desk-series.controller.js';
import { DeskTagsController } from './desk-tags.controller.js';
import { Revision, RevisionAuthor, RevisionTag } from './revision.entity.js';
import { Series } from './series.entity.js';
import { Tag } from './tag.entity.js';
import { TagsService } from './tags.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Article, Revision, RevisionAuthor, RevisionTag, Series, Tag]), AuditModule],
  controllers: [ArticlesController, DeskTagsController, DeskSeriesController],
  providers: [ArticlesService, TagsService],
  exports: [ArticlesService, TagsService],
})
export class ArticlesModule {}
