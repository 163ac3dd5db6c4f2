import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import request, { type Response, type Test } from 'supertest';
import { DataSource, type EntityManager } from 'typeorm';
import { createApp } from '../src/app.setup.js';
import { openApiDocument } from '../src/http/openapi.js';
import { answerValidator } from './answer-validator.js';
import { cloneDatabase, testConfig } from './test-database.js';

/** The whole application over a database of its own. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly dataSource: DataSource;
  /** A GET whose answer is also held against the OpenAPI document. */
  get(path: string): Test;
  /** Requests with an editor's token, or with none; their answers too are held against the OpenAPI document. */
  as(editor: { readonly token: string } | null): Record<'get' | 'post' | 'put' | 'patch' | 'delete', (path: string, body?: object) => Test>;
  /** Runs `act` in a transaction, as a service's caller would. */
  tx<Result>(act: (tx: EntityManager) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export async function startTestApp(env: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const database = await cloneDatabase();
  // Ids begin anew in each database, and so do the names of files.
  const folder = mkdtempSync(join(tmpdir(), 'markaz-test-data-'));
  const app = await createApp(testConfig({ DATA_DIR: folder, ...env }), database);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const dataSource = app.get(DataSource);
  const validate = answerValidator(openApiDocument(app));
  return {
    app,
    dataSource,
    get: (path) =>
      request(app.getHttpServer())
        .get(path)
        .expect((response: Response) => validate('get', path, response)),
    as: (editor) => {
      const send =
        (method: 'get' | 'post' | 'put' | 'patch' | 'delete') =>
        (path: string, body?: object): Test => {
          const test = request(app.getHttpServer())[method](path);
          if (editor !== null) void test.set('Authorization', `Bearer ${editor.token}`);
          if (body !== undefined) void test.send(body);
          return test.expect((response: Response) => validate(method, path, response));
        };
      return { get: send('get'), post: send('post'), put: send('put'), patch: send('patch'), delete: send('delete') };
    },
    tx: (act) => dataSource.transaction(act),
    close: async () => {
      await app.close();
      await database.leave();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
