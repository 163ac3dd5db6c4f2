import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CenterController } from './center.controller.js';
import { Center, MastheadTerm } from './center.entity.js';
import { DeskCenterController } from './desk-center.controller.js';
import { MastheadService } from './masthead.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Center, MastheadTerm]), AuditModule],
  controllers: [CenterController, DeskCenterController],
  providers: [MastheadService],
  exports: [MastheadService],
})
export class MastheadModule {}
