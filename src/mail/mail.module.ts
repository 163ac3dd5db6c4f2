import { Module, type DynamicModule } from '@nestjs/common';
import { join } from 'node:path';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { Carrier, mailHost } from './carrier.js';
import { DeskMailController } from './desk-mail.controller.js';
import { DeskMailService } from './desk-mail.service.js';
import { DevMailController, DevMailbox } from './dev-mail.controller.js';
import { MailFolder } from './mail-folder.js';
import { MailboxKeys } from './mailbox-keys.js';
import { MailRoom } from './mail-room.service.js';
import { MailStops } from './mail-stops.service.js';
import { Postman } from './postman.service.js';
import { Relay } from './relay.js';
import { Seal } from '../config/seal.js';
import { Suppressions } from './suppressions.service.js';

/** One for the whole house: whoever has something to say posts it in the {@link MailRoom}. */
@Module({})
export class MailModule {
  static for(config: Config): DynamicModule {
    const folder = new MailFolder(join(config.dataDir, 'mail'));
    const carrier = config.smtpUrl === null ? folder : new Relay(config.smtpUrl, mailHost(config.publicOrigin));
    return {
      module: MailModule,
      global: true,
      imports: [AuditModule],
      controllers: [DeskMailController, DevMailController],
      providers: [
        { provide: Carrier, useValue: carrier },
        { provide: Seal, useValue: new Seal(() => Secret.for(config).derive('mail')) },
        { provide: MailboxKeys, useFactory: () => new MailboxKeys(() => Secret.for(config).derive('mailboxes')) },
        { provide: DevMailbox, useValue: new DevMailbox(folder, config) },
        MailRoom,
        MailStops,
        Postman,
        DeskMailService,
        Suppressions,
      ],
      exports: [MailboxKeys, MailRoom, MailStops, Seal, Suppressions],
    };
  }
}
