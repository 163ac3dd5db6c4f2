import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { MailModule } from '../mail/mail.module.js';
import { ArticleLetters } from './article-letters.service.js';
import { Article } from './article.entity.js';
import { ArticlesController } from './articles.controller.js';
import { ArticlesService } from './articles.service.js';
import { DeskArticlesController } from './desk-articles.controller.js';
import { DeskArticlesService } from './desk-articles.service.js';
import { DeskPreviewsController } from './desk-previews.controller.js';
import { DeskSeriesController } from './desk-series.controller.js';
import { DeskTagsController } from './desk-tags.controller.js';
import { DraftingService } from './drafting.service.js';
import { OldAddresses } from './old-addresses.service.js';
import { PreviewRetention } from './preview-retention.job.js';
import { PreviewsController } from './previews.controller.js';
import { PreviewsService } from './previews.service.js';
import { PublicChanges } from './public-changes.js';
import { RevisionRetention } from './revision-retention.job.js';
import { Revision, RevisionAuthor, RevisionMedia, RevisionTag } from './revision.entity.js';
import { ScheduleJob } from './schedule.job.js';
import { Series } from './series.entity.js';
import { Tag } from './tag.entity.js';
import { TagsService } from './tags.service.js';
import { WorkflowService } from './workflow.service.js';

@Module({
  imports: [
    AuditModule,
    MailModule,
    TypeOrmModule.forFeature([Article, Revision, RevisionAuthor, RevisionMedia, RevisionTag, Series, Tag]),
  ],
  controllers: [
    ArticlesController,
    DeskArticlesController,
    DeskPreviewsController,
    DeskTagsController,
    DeskSeriesController,
    PreviewsController,
  ],
  providers: [
    ArticlesService,
    ArticleLetters,
    DeskArticlesService,
    DraftingService,
    OldAddresses,
    PreviewRetention,
    PreviewsService,
    PublicChanges,
    RevisionRetention,
    ScheduleJob,
    TagsService,
    WorkflowService,
  ],
  exports: [
    ArticlesService,
    DeskArticlesService,
    DraftingService,
    OldAddresses,
    PreviewsService,
    PublicChanges,
    TagsService,
    WorkflowService,
  ],
})
export class ArticlesModule {}
