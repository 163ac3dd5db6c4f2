import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { MailModule } from '../mail/mail.module.js';
import { DeskPollsController } from './desk-polls.controller.js';
import { DeskPollsService } from './desk-polls.service.js';
import { NetworkKeys } from './network-keys.service.js';
import { Poll, PollOption } from './poll.entity.js';
import { PollClosing } from './poll-closing.service.js';
import { PollSecrets } from './poll-secrets.js';

/** One for the whole house: the rooms above make polls of what they import and show them. */
@Module({})
export class PollsModule {
  static for(config: Config): DynamicModule {
    return {
      module: PollsModule,
      global: true,
      imports: [AuditModule, MailModule, TypeOrmModule.forFeature([Poll, PollOption])],
      controllers: [DeskPollsController],
      providers: [
        { provide: PollSecrets, useFactory: () => new PollSecrets((purpose) => Secret.for(config).derive(purpose)) },
        NetworkKeys,
        PollClosing,
        DeskPollsService,
      ],
      exports: [DeskPollsService],
    };
  }
}
