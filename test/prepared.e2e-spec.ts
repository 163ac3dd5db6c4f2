import { Prepared } from '../src/database/prepared.js';
import { statement } from '../src/database/reader.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Prepared statements on the main connection. */

let world: TestApp;
let prepared: Prepared;
beforeAll(async () => {
  world = await startTestApp();
  prepared = world.app.get(Prepared);
});
afterAll(() => world.close());

const own = statement(`select pg_backend_pid() as pid, (select count(*)::int from pg_prepared_statements where name = $1) as known`);

it('parses a statement once for each connection', async () => {
  const seen = new Set<number>();
  for (let n = 0; n < 30; n += 1) {
    const [row] = await prepared.rows<{ pid: number; known: number }>(own, [own.name]);
    expect(row!.known).toBe(1);
    seen.add(row!.pid);
  }
  expect(seen.size).toBeLessThanOrEqual(10);
});

it('goes on after a statement has failed, and after its connections were lost', async () => {
  const failing = statement(`select 1 / $1::int as n`);
  await expect(prepared.rows(failing, [0])).rejects.toMatchObject({ code: '22012' });
  expect(await prepared.rows(failing, [1])).toEqual([{ n: 1 }]);
  const suicide = statement(`select pg_terminate_backend(pg_backend_pid()), $1::int`);
  await expect(prepared.rows(suicide, [1])).rejects.toThrow(/terminat/);
  expect(await prepared.rows(failing, [1])).toEqual([{ n: 1 }]);
});
