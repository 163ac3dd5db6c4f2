import { Module, type DynamicModule } from '@nestjs/common';
import { Doctor } from './doctor.service.js';

@Module({})
export class DoctorModule {
  /** @param polls the one instance of the polls' module, which examines its own */
  static for(polls: DynamicModule): DynamicModule {
    return { module: DoctorModule, imports: [polls], providers: [Doctor] };
  }
}
