import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { MediaFolder } from '../media/media-folder.js';
import { Doctor } from './doctor.service.js';

@Module({})
export class DoctorModule {
  /** @param polls the one instance of the polls' module, which examines its own */
  static for(config: Config, polls: DynamicModule): DynamicModule {
    return {
      module: DoctorModule,
      imports: [polls],
      providers: [Doctor, { provide: MediaFolder, useFactory: () => new MediaFolder(config.dataDir) }],
    };
  }
}
