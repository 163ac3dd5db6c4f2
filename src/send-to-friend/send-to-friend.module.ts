import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { MailPreviewController } from './mail-preview.controller.js';
import { MailPreviews } from './mail-preview.service.js';
import { Pieces } from './pieces.service.js';
import { ShareLinksController } from './share-links.controller.js';
import { ShareLinksService } from './share-links.service.js';

/** Pieces sent to friends by mail: asked for, confirmed by their senders, and handed to the mail room. One for the whole house. */
@Module({})
export class SendToFriendModule {
  static for(_config: Config): DynamicModule {
    return {
      module: SendToFriendModule,
      global: true,
      controllers: [
        MailPreviewController, //
        ShareLinksController,
      ],
      providers: [
        MailPreviews, //
        Pieces,
        ShareLinksService,
      ],
      exports: [],
    };
  }
}
