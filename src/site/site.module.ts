import { Module, type DynamicModule } from '@nestjs/common';
import { AdsModule } from '../ads/ads.module.js';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuthorsModule } from '../authors/authors.module.js';
import { FrontModule } from '../front/front.module.js';
import { MastheadModule } from '../masthead/masthead.module.js';
import { ReadershipModule } from '../readership/readership.module.js';
import { SearchModule } from '../search/search.module.js';
import { SectionsModule } from '../sections/sections.module.js';
import { AboutController } from './about.controller.js';
import { SiteArticlesController } from './articles.controller.js';
import { AssetsController } from './assets.controller.js';
import { SiteAuthorsController } from './authors.controller.js';
import { ConfirmSharesController } from './confirm-shares.controller.js';
import { ConfirmVoteController } from './confirm-vote.controller.js';
import { FrameService } from './frame.service.js';
import { GatheringsController } from './gatherings.controller.js';
import { GoController } from './go.controller.js';
import { HomeController } from './home.controller.js';
import { OldAddressesController } from './old-addresses.controller.js';
import { OptOutController } from './opt-out.controller.js';
import { SitePollsController } from './polls.controller.js';
import { SitePreviewsController } from './previews.controller.js';
import { PrivacyController } from './privacy.controller.js';
import { RobotsController } from './robots.controller.js';
import { SiteSearchController } from './search.controller.js';
import { SiteSectionsController } from './sections.controller.js';
import { SendController } from './send.controller.js';

/** The reader's pages, rendered here: they work without scripts. */
@Module({})
export class SiteModule {
  /** @param polls the module itself: made a second time it would be another one */
  static for(polls: DynamicModule): DynamicModule {
    return {
      module: SiteModule,
      imports: [
        AdsModule,
        ArticlesModule,
        AuthorsModule,
        FrontModule,
        MastheadModule,
        ReadershipModule,
        SearchModule,
        SectionsModule,
        polls,
      ],
      controllers: [
        AboutController,
        AssetsController,
        ConfirmSharesController,
        ConfirmVoteController,
        GatheringsController,
        GoController,
        HomeController,
        OldAddressesController,
        OptOutController,
        PrivacyController,
        RobotsController,
        SendController,
        SiteArticlesController,
        SiteAuthorsController,
        SitePollsController,
        SitePreviewsController,
        SiteSearchController,
        SiteSectionsController,
      ],
      providers: [FrameService],
    };
  }
}
