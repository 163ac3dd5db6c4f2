import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { AdCounts } from './ad-counts.service.js';
import { Ad } from './ad.entity.js';
import { AdsController } from './ads.controller.js';
import { AdsService } from './ads.service.js';
import { DeskAdsController } from './desk-ads.controller.js';
import { DeskAdsService } from './desk-ads.service.js';

@Module({
  imports: [AuditModule, TypeOrmModule.forFeature([Ad])],
  controllers: [AdsController, DeskAdsController],
  providers: [AdCounts, AdsService, DeskAdsService],
  exports: [AdsService],
})
export class AdsModule {}
