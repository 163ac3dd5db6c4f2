import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { Config } from '../config/config.js';
import { openServer, prepareDatabase, type Database, type Server } from '../database/database.js';
import { HomeLanguage } from '../http/problem.js';

/**
 * Runs `act` with the application over the database of the environment, beside a running server or alone; nothing listens.
 * @param open makes it ready, which migrates it, unless told otherwise
 */
export async function withApplication<Result>(
  report: (line: string) => void,
  act: (app: INestApplicationContext, config: Config) => Promise<Result>,
  open: (config: Config, server: Server, log: (line: string) => void) => Promise<Database> = prepareDatabase,
): Promise<Result> {
  const config = new Config(process.env);
  const server = await openServer(config, report);
  try {
    const app = await NestFactory.createApplicationContext(AppModule.for(config, await open(config, server, report), new HomeLanguage()), {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    try {
      return await act(app, config);
    } finally {
      await app.close();
    }
  } finally {
    await server.leave();
  }
}
