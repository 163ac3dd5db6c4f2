import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { DeskSectionsController } from './desk-sections.controller.js';
import { Section } from './section.entity.js';
import { SectionsController } from './sections.controller.js';
import { SectionsService } from './sections.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Section]), AuditModule],
  controllers: [SectionsController, DeskSectionsController],
  providers: [SectionsService],
  exports: [SectionsService],
})
export class SectionsModule {}
