import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { Config } from '../config/config.js';
import { openServer, prepareDatabase } from '../database/database.js';
import { HomeLanguage } from '../http/problem.js';

/** Runs `act` with the application over the database of the environment, beside a running server or alone; nothing listens. */
export async function withApplication<Result>(
  report: (line: string) => void,
  act: (app: INestApplicationContext, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = new Config(process.env);
  const server = await openServer(config, report);
  try {
    const app = await NestFactory.createApplicationContext(
      AppModule.for(config, await prepareDatabase(config, server, report), new HomeLanguage()),
      { logger: ['error', 'warn'], abortOnError: false },
    );
    try {
      return await act(app, config);
    } finally {
      await app.close();
    }
  } finally {
    await server.leave();
  }
}
