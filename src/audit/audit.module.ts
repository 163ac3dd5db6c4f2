import { Module } from '@nestjs/common';
import { AuditRetention } from './audit-retention.job.js';
import { AuditService } from './audit.service.js';
import { DeskAuditController } from './desk-audit.controller.js';

@Module({ controllers: [DeskAuditController], providers: [AuditService, AuditRetention], exports: [AuditService] })
export class AuditModule {}
