import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { DeskSharesController } from './desk-shares.controller.js';
import { MailPreviewController } from './mail-preview.controller.js';
import { MailPreviews } from './mail-preview.service.js';
import { Pieces } from './pieces.service.js';
import { SenderCookie } from './sender-cookie.js';
import { ShareConfirmations } from './share-confirmations.service.js';
import { ShareContents } from './share-content.js';
import { ShareCounts } from './share-counts.service.js';
import { ShareDispatch } from './share-dispatch.job.js';
import { ShareLinksController } from './share-links.controller.js';
import { ShareLinksService } from './share-links.service.js';
import { ShareSecrets } from './share-secrets.js';
import { ShareWork } from './share-work.js';
import { SharesController } from './shares.controller.js';
import { SharesService } from './shares.service.js';

/** Pieces sent to friends by mail: asked for, confirmed by their senders, and handed to the mail room. One for the whole house. */
@Module({})
export class SendToFriendModule {
  static for(config: Config): DynamicModule {
    return {
      module: SendToFriendModule,
      global: true,
      controllers: [DeskSharesController, MailPreviewController, ShareLinksController, SharesController],
      providers: [
        { provide: ShareSecrets, useFactory: () => new ShareSecrets((purpose) => Secret.for(config).derive(purpose)) },
        MailPreviews,
        Pieces,
        SenderCookie,
        ShareConfirmations,
        ShareContents,
        ShareCounts,
        ShareDispatch,
        ShareLinksService,
        ShareWork,
        SharesService,
      ],
      exports: [Pieces, SenderCookie, ShareConfirmations, SharesService],
    };
  }
}
