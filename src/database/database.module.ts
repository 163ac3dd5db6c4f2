import { Global, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions } from './connection.js';
import type { Database } from './database.js';
import { Prepared } from './prepared.js';
import { Reader, SearchReader } from './reader.js';

/** Both doors to the data, for every domain. */
@Global()
@Module({})
export class DatabaseModule {
  /** @param connect false only describes the schema, for commands that need no server */
  static for(database: Pick<Database, 'main' | 'reader'>, connect: boolean): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRoot({
          ...dataSourceOptions(database.main),
          autoLoadEntities: true,
          manualInitialization: !connect,
          retryAttempts: 1,
        }),
      ],
      providers: [
        { provide: Reader, useFactory: () => new Reader(database.reader) },
        { provide: SearchReader, useFactory: () => new SearchReader(database.reader) },
        Prepared,
      ],
      exports: [Reader, SearchReader, Prepared],
    };
  }
}
