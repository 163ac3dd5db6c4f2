import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { ApiTokens } from './api-tokens.service.js';
import { Credentials } from './credentials.service.js';
import { DeskCookies } from './desk-cookies.js';
import { DeskEditorsController } from './desk-editors.controller.js';
import { DeskMeController } from './desk-me.controller.js';
import { DeskTokensController } from './desk-tokens.controller.js';
import { DeskGuard } from './desk.guard.js';
import { Editor } from './editor.entity.js';
import { EditorsService } from './editors.service.js';
import { EnrolmentService } from './enrolment.service.js';
import { FirstEditor } from './first-editor.service.js';
import { KnownDevices } from './known-devices.service.js';
import { Leftovers } from './leftovers.service.js';
import { PasswordLinks } from './password-links.service.js';
import { PasswordPageController } from './password-page.controller.js';
import { Passwords } from './passwords.js';
import { PasswordsController } from './passwords.controller.js';
import { SecondFactorController } from './second-factor.controller.js';
import { FactorSeal, SecondFactors } from './second-factors.service.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInService } from './sign-in.service.js';

@Module({})
export class AccountsModule {
  static for(config: Config): DynamicModule {
    return {
      module: AccountsModule,
      imports: [TypeOrmModule.forFeature([Editor]), AuditModule],
      controllers: [
        SessionsController,
        DeskMeController,
        SecondFactorController,
        DeskTokensController,
        DeskEditorsController,
        PasswordsController,
        PasswordPageController,
      ],
      providers: [
        { provide: FactorSeal, useFactory: () => new FactorSeal(() => Secret.for(config).derive('second factors')) },
        SessionsService,
        Credentials,
        SignInService,
        SecondFactors,
        EnrolmentService,
        ApiTokens,
        Passwords,
        PasswordLinks,
        KnownDevices,
        EditorsService,
        FirstEditor,
        DeskCookies,
        Leftovers,
        { provide: APP_GUARD, useClass: DeskGuard },
      ],
      exports: [SessionsService, Passwords, PasswordLinks, EditorsService, EnrolmentService, FirstEditor],
    };
  }
}
