import { Module, type DynamicModule } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AdsModule } from './ads/ads.module.js';
import { ArticlesModule } from './articles/articles.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthorsModule } from './authors/authors.module.js';
import type { Config } from './config/config.js';
import { DatabaseModule } from './database/database.module.js';
import type { Database } from './database/database.js';
import { HttpModule } from './http/http.module.js';
import { DoctorModule } from './doctor/doctor.module.js';
import { FrontModule } from './front/front.module.js';
import type { HomeLanguage } from './http/problem.js';
import { ImportModule } from './import/import.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { MailModule } from './mail/mail.module.js';
import { MediaModule } from './media/media.module.js';
import { MastheadModule } from './masthead/masthead.module.js';
import { PollsModule } from './polls/polls.module.js';
import { ReadershipModule } from './readership/readership.module.js';
import { SampleModule } from './sample/sample.module.js';
import { SearchModule } from './search/search.module.js';
import { SectionsModule } from './sections/sections.module.js';
import { SendToFriendModule } from './send-to-friend/send-to-friend.module.js';
import { SiteModule } from './site/site.module.js';

/** The table of contents. */
@Module({})
export class AppModule {
  static for(config: Config, database: Pick<Database, 'main' | 'reader'>, home: HomeLanguage, connect = true): DynamicModule {
    const polls = PollsModule.for(config);
    return {
      module: AppModule,
      imports: [
        DatabaseModule.for(database, connect),
        HttpModule.for(config, home),
        JobsModule,
        AuditModule,
        MailModule.for(config),
        AccountsModule.for(config),
        SectionsModule,
        MediaModule.for(config),
        AuthorsModule,
        ArticlesModule,
        MastheadModule,
        polls,
        SendToFriendModule.for(config),
        SearchModule,
        AdsModule,
        FrontModule,
        ReadershipModule,
        SiteModule.for(polls),
        ImportModule,
        SampleModule,
        DoctorModule.for(polls),
      ],
    };
  }
}
