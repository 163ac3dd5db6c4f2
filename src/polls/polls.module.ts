import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { MailModule } from '../mail/mail.module.js';
import { BallotBox } from './ballot-box.js';
import { ConfirmationsController } from './confirmations.controller.js';
import { ConfirmationsService } from './confirmations.service.js';
import { CorrectionsService } from './corrections.service.js';
import { DeskCorrectionsController } from './desk-corrections.controller.js';
import { DeskPollsController } from './desk-polls.controller.js';
import { DeskPollsService } from './desk-polls.service.js';
import { DeskResultsController } from './desk-results.controller.js';
import { NetworkKeys } from './network-keys.service.js';
import { PollClosing } from './poll-closing.service.js';
import { PollDoctor } from './poll-doctor.service.js';
import { PollEventsService } from './poll-events.service.js';
import { PollRules } from './poll-rules.js';
import { PollSecrets } from './poll-secrets.js';
import { Poll, PollOption } from './poll.entity.js';
import { PollsController } from './polls.controller.js';
import { PollsService } from './polls.service.js';
import { PrivacyJob } from './privacy.job.js';
import { QuarantineJob } from './quarantine.job.js';
import { ReaderCookie } from './reader-cookie.js';
import { ResultsService } from './results.service.js';
import { SignedResultsController } from './signed-results.controller.js';
import { SignedResults } from './signed-results.service.js';
import { Stopwatch } from './stopwatch.js';
import { Tallies } from './tallies.service.js';
import { Traffic } from './traffic.js';
import { VotingController } from './voting.controller.js';
import { VotingService } from './voting.service.js';
import { PollWork } from './poll-work.js';

/** One for the whole house: the rooms above make polls of what they import and show them. */
@Module({})
export class PollsModule {
  static for(config: Config): DynamicModule {
    return {
      module: PollsModule,
      global: true,
      imports: [AuditModule, MailModule, TypeOrmModule.forFeature([Poll, PollOption])],
      controllers: [
        PollsController,
        VotingController,
        ConfirmationsController,
        SignedResultsController,
        DeskPollsController,
        DeskResultsController,
        DeskCorrectionsController,
      ],
      providers: [
        { provide: PollSecrets, useFactory: () => new PollSecrets((purpose) => Secret.for(config).derive(purpose)) },
        BallotBox,
        ConfirmationsService,
        CorrectionsService,
        DeskPollsService,
        NetworkKeys,
        PollClosing,
        PollDoctor,
        PollEventsService,
        PollRules,
        PollsService,
        PrivacyJob,
        QuarantineJob,
        ReaderCookie,
        ResultsService,
        SignedResults,
        Stopwatch,
        Tallies,
        Traffic,
        VotingService,
        PollWork,
      ],
      exports: [ConfirmationsService, DeskPollsService, PollDoctor, PollsService, ReaderCookie, ResultsService, VotingService],
    };
  }
}
