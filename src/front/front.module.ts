import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ArticlesModule } from '../articles/articles.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { DeskFrontController } from './desk-front.controller.js';
import { DeskFrontService } from './desk-front.service.js';
import { Front } from './front.entity.js';
import { FrontService } from './front.service.js';

@Module({
  imports: [ArticlesModule, AuditModule, TypeOrmModule.forFeature([Front])],
  controllers: [DeskFrontController],
  providers: [DeskFrontService, FrontService],
  exports: [FrontService],
})
export class FrontModule {}
