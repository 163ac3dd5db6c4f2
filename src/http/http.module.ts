import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { Addresses } from './addresses.js';
import { HealthController, Readiness } from './health.js';
import { HomeLanguage } from './problem.js';

@Global()
@Module({})
export class HttpModule {
  static for(config: Config, home: HomeLanguage): DynamicModule {
    return {
      module: HttpModule,
      controllers: [HealthController],
      providers: [
        Readiness,
        { provide: HomeLanguage, useValue: home },
        { provide: Addresses, useValue: new Addresses(config.publicOrigin) },
      ],
      exports: [Addresses, HomeLanguage],
    };
  }
}
