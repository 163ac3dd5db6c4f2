import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { DeskCookies } from './desk-cookies.js';
import { DeskEditorsController } from './desk-editors.controller.js';
import { DeskMeController } from './desk-me.controller.js';
import { DeskGuard } from './desk.guard.js';
import { Editor } from './editor.entity.js';
import { EditorsService } from './editors.service.js';
import { FirstEditor } from './first-editor.service.js';
import { KnownDevices } from './known-devices.service.js';
import { Leftovers } from './leftovers.service.js';
import { PasswordLinks } from './password-links.service.js';
import { PasswordPageController } from './password-page.controller.js';
import { Passwords } from './passwords.js';
import { PasswordsController } from './passwords.controller.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInService } from './sign-in.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Editor]), AuditModule],
  controllers: [SessionsController, DeskMeController, DeskEditorsController, PasswordsController, PasswordPageController],
  providers: [
    SessionsService,
    SignInService,
    Passwords,
    PasswordLinks,
    KnownDevices,
    EditorsService,
    FirstEditor,
    DeskCookies,
    Leftovers,
    { provide: APP_GUARD, useClass: DeskGuard },
  ],
  exports: [SessionsService, Passwords, PasswordLinks, EditorsService, FirstEditor],
})
export class AccountsModule {}
