import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { MailModule } from '../mail/mail.module.js';
import { BallotBox } from './ballot-box.js';
import { ConfirmationsController } from './confirmations.controller.js';
import { ConfirmationsService } from './confirmations.service.js';
import { NetworkKeys } from './network-keys.service.js';
import { Poll, PollOption } from './poll.entity.js';
import { PollRules } from './poll-rules.js';
import { PollSecrets } from './poll-secrets.js';
import { ReaderCookie } from './reader-cookie.js';
import { Stopwatch } from './stopwatch.js';
import { Traffic } from './traffic.js';
import { VotingController } from './voting.controller.js';
import { VotingService } from './voting.service.js';
import { Work } from './work.js';

@Module({})
export class PollsModule {
  static for(config: Config): DynamicModule {
    return {
      module: PollsModule,
      imports: [AuditModule, MailModule, TypeOrmModule.forFeature([Poll, PollOption])],
      controllers: [VotingController, ConfirmationsController],
      providers: [
        { provide: PollSecrets, useFactory: () => new PollSecrets((purpose) => Secret.for(config).derive(purpose)) },
        NetworkKeys,
        PollRules,
        BallotBox,
        ReaderCookie,
        Stopwatch,
        Traffic,
        Work,
        VotingService,
        ConfirmationsService,
      ],
      exports: [ConfirmationsService],
    };
  }
}
