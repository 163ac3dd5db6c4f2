import { Global, Module, type DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import { Addresses } from './addresses.js';
import { HealthController, Readiness } from './health.js';
import { HomeLanguage } from './problem.js';
import { RateLimits } from './rate-limits.js';

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
        {
          provide: RateLimits,
          inject: [DataSource],
          useFactory: (dataSource: DataSource) => new RateLimits(dataSource, () => Secret.for(config).derive('rate')),
        },
      ],
      exports: [Addresses, HomeLanguage, RateLimits],
    };
  }
}
