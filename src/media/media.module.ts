import { join } from 'node:path';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import type { Config } from '../config/config.js';
import { DeskMediaController } from './desk-media.controller.js';
import { MediaController } from './media.controller.js';
import { Media, MediaFile } from './media.entity.js';
import { MediaFiles } from './media-files.js';
import { MediaJob } from './media.job.js';
import { MediaService } from './media.service.js';
import { Pictures } from './pictures.js';
import { Storage } from './storage.js';
import { MediaUploads } from './uploads.service.js';

/** One for the whole house: authors, articles and previews show what lies here. */
@Module({})
export class MediaModule {
  static for(config: Config): DynamicModule {
    return {
      module: MediaModule,
      global: true,
      imports: [AuditModule, TypeOrmModule.forFeature([Media, MediaFile])],
      controllers: [MediaController, DeskMediaController],
      providers: [
        { provide: Storage, useValue: new Storage(join(config.dataDir, 'media')) },
        { provide: Pictures, useValue: new Pictures() },
        MediaFiles,
        MediaJob,
        MediaService,
        MediaUploads,
      ],
      exports: [MediaFiles, MediaService, Storage],
    };
  }
}
