import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { MailModule } from '../mail/mail.module.js';
import { DeskEditorsController } from './desk-editors.controller.js';
import { DeskGuard } from './desk.guard.js';
import { Editor } from './editor.entity.js';
import { EditorsService } from './editors.service.js';
import { FirstEditor } from './first-editor.service.js';
import { PasswordLinks } from './password-links.service.js';
import { Passwords } from './passwords.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Editor]), AuditModule, MailModule],
  controllers: [DeskEditorsController],
  providers: [SessionsService, Passwords, PasswordLinks, EditorsService, FirstEditor, { provide: APP_GUARD, useClass: DeskGuard }],
  exports: [SessionsService, Passwords, PasswordLinks, EditorsService, FirstEditor],
})
export class AccountsModule {}
