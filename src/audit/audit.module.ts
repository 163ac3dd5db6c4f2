import { Module } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { DeskAuditController } from './desk-audit.controller.js';

@Module({ controllers: [DeskAuditController], providers: [AuditService], exports: [AuditService] })
export class AuditModule {}
