import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { Media, MediaFile } from './media.entity.js';
import { MediaService } from './media.service.js';

/** One for the whole house: authors, articles and previews show what lies here. */
@Module({})
export class MediaModule {
  static for(_config: Config): DynamicModule {
    return {
      module: MediaModule,
      global: true,
      imports: [AuditModule, TypeOrmModule.forFeature([Media, MediaFile])],
      controllers: [],
      providers: [MediaService],
      exports: [MediaService],
    };
  }
}
