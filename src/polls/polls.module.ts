import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { MailModule } from '../mail/mail.module.js';
import { CorrectionsService } from './corrections.service.js';
import { DeskCorrectionsController } from './desk-corrections.controller.js';
import { NetworkKeys } from './network-keys.service.js';
import { Poll, PollOption } from './poll.entity.js';
import { PollDoctor } from './poll-doctor.service.js';
import { PollEventsService } from './poll-events.service.js';
import { PollSecrets } from './poll-secrets.js';
import { PrivacyJob } from './privacy.job.js';
import { QuarantineJob } from './quarantine.job.js';
import { SignedResultsController } from './signed-results.controller.js';
import { SignedResults } from './signed-results.service.js';

@Module({})
export class PollsModule {
  static for(config: Config): DynamicModule {
    return {
      module: PollsModule,
      imports: [AuditModule, MailModule, TypeOrmModule.forFeature([Poll, PollOption])],
      controllers: [DeskCorrectionsController, SignedResultsController],
      providers: [
        { provide: PollSecrets, useFactory: () => new PollSecrets((purpose) => Secret.for(config).derive(purpose)) },
        NetworkKeys,
        QuarantineJob,
        SignedResults,
        CorrectionsService,
        PollEventsService,
        PrivacyJob,
        PollDoctor,
      ],
      exports: [],
    };
  }
}
