import { Module, type DynamicModule } from '@nestjs/common';
import { AdsModule } from '../ads/ads.module.js';
import { ArticlesModule } from '../articles/articles.module.js';
import { SiteArticlesController } from './articles.controller.js';
import { AssetsController } from './assets.controller.js';
import { ConfirmSharesController } from './confirm-shares.controller.js';
import { ConfirmVoteController } from './confirm-vote.controller.js';
import { GoController } from './go.controller.js';
import { FrameService } from './frame.service.js';
import { OptOutController } from './opt-out.controller.js';
import { SitePreviewsController } from './previews.controller.js';
import { SendController } from './send.controller.js';

/** The reader's pages, rendered here: they work without scripts. */
@Module({})
export class SiteModule {
  /** @param polls the module itself: made a second time it would be another one */
  static for(polls: DynamicModule): DynamicModule {
    return {
      module: SiteModule,
      imports: [AdsModule, ArticlesModule, polls],
      controllers: [
        AssetsController,
        ConfirmSharesController,
        ConfirmVoteController,
        GoController,
        OptOutController,
        SendController,
        SiteArticlesController,
        SitePreviewsController,
      ],
      providers: [FrameService],
    };
  }
}
