import pg from 'pg';
import { SYSTEM } from '../src/access/access.js';
import type { AuditEntry } from '../src/audit/audit-entry.js';
import { AuditService } from '../src/audit/audit.service.js';
import { anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';
import { suiteConnection } from './test-database.js';

const AUDIT = '/api/v1/desk/audit';

let world: TestApp;
let admin: TestEditor;
let chief: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  [admin, chief] = [await anEditor(world, 'admin'), await anEditor(world, 'chief')];
});
afterAll(() => world.close());
beforeEach(() => forget());

/** An empty log: the one way the database leaves open. */
async function forget(): Promise<void> {
  await world.tx(async (tx) => {
    await tx.query(`set local markaz.retention = 'on'`);
    await tx.query(`delete from audit_log`);
  });
}

/** Writes an entry as a service would. @param by null: Markaz itself */
async function wrote(by: TestEditor | null, entry: Partial<AuditEntry> = {}): Promise<void> {
  const actor =
    by === null ? SYSTEM : { editor: { id: by.id, name: 'اسم المحرر', role: 'chief' as const, sections: [] }, requestId: REQUEST };
  await world.tx((tx) =>
    world.app.get(AuditService).record(tx, actor, { act: 'articles.publish', object: { type: 'article', id: 7 }, ...entry }),
  );
}

const REQUEST = '9f1c1c2e-6f0e-4a3e-8f0e-0d7f5a8f6b1a';

interface Item {
  readonly id: number;
  readonly at: string;
  readonly act: string;
  readonly object: { readonly type: string; readonly id: number };
}

async function listed(query = ''): Promise<Item[]> {
  return (await world.as(admin).get(`${AUDIT}?limit=100&${query}`).expect(200)).body.items as Item[];
}

/** Entries at chosen moments, which the service leaves to the database's clock. */
async function wroteAt(...moments: readonly string[]): Promise<void> {
  for (const [index, at] of moments.entries())
    await world.dataSource.query(`insert into audit_log (at, act, object_type, object_id) values ($1, 'tags.create', 'tag', $2)`, [
      at,
      index + 1,
    ]);
}

describe('the list', () => {
  it('tells who did what to which object, what changed, when and in which request, newest first', async () => {
    await wrote(chief, { before: { state: 'approved' }, after: { state: 'published', sections: [1, 2], note: null } });
    await wrote(null, { act: 'editors.create', object: { type: 'editor', id: 3 } });
    const { body, headers } = await world.as(admin).get(AUDIT).expect(200);
    expect(body).toEqual({
      items: [
        {
          id: expect.any(Number) as number,
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
          editor: null,
          token: null,
          act: 'editors.create',
          object: { type: 'editor', id: 3 },
          before: {},
          after: {},
          requestId: null,
        },
        {
          id: expect.any(Number) as number,
          at: expect.any(String) as string,
          editor: { id: chief.id, name: 'اسم المحرر' },
          token: null,
          act: 'articles.publish',
          object: { type: 'article', id: 7 },
          before: { state: 'approved' },
          after: { state: 'published', sections: [1, 2], note: null },
          requestId: REQUEST,
        },
      ],
      nextCursor: null,
    });
    expect(headers['cache-control']).toBe('private, no-store');
  });

  it('keeps the request’s id, as the answer’s problem or the server’s log would name it', async () => {
    const { id } = await anEditor(world, 'contributor');
    await world.as(admin).patch(`/api/v1/desk/editors/${id}`, { version: 1, name: 'اسم آخر' }).expect(200);
    const [row] = await world.dataSource.query<[{ request_id: string }]>(`select request_id from audit_log`);
    expect(row.request_id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  it.each(['admin', 'chief'] as const)('is for the %s', async (role) => {
    await world
      .as(await anEditor(world, role))
      .get(AUDIT)
      .expect(200);
  });

  it.each(['section_editor', 'contributor'] as const)('is not for the %s', async (role) => {
    const { body } = await world
      .as(await anEditor(world, role))
      .get(AUDIT)
      .expect(403);
    expect(body.code).toBe('not_allowed');
  });

  it('is for nobody without a session', async () => {
    expect((await world.as(null).get(AUDIT).expect(401)).body.code).toBe('not_signed_in');
  });

  it.each([
    ['limit', 'limit=101'],
    ['cursor', 'cursor=x'],
    ['editor', 'editor=me'],
    ['editor', 'editor=01'],
    ['editor', 'editor=1&editor=2'],
    ['act', 'act=publish'],
    ['act', 'act=Articles.publish'],
    ['act', 'act=articles.publish;'],
    ['act', `act=${'a'.repeat(31)}.publish`],
    ['object', 'object=session'],
    ['objectId', 'object=article&objectId=x'],
    ['object', 'objectId=7'],
    ['from', 'from=2026-02-30'],
    ['to', 'to=yesterday'],
    ['page', 'page=2'],
    ['request_id', `request_id=${REQUEST}`],
  ])('refuses a bad %s: %s', async (field, query) => {
    const { body } = await world.as(admin).get(`${AUDIT}?${query}`).expect(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
  });

  it('is filtered by editor, act and object, each alone and together', async () => {
    await wrote(chief, { act: 'articles.publish', object: { type: 'article', id: 7 } });
    await wrote(chief, { act: 'articles.publish', object: { type: 'article', id: 8 } });
    await wrote(admin, { act: 'articles.publish', object: { type: 'article', id: 7 } });
    await wrote(admin, { act: 'sections.change', object: { type: 'section', id: 7 } });
    await wrote(null, { act: 'articles.publish', object: { type: 'article', id: 7 } });
    const all = (await listed()).toReversed();
    const found = async (query: string): Promise<number[]> =>
      (await listed(query)).map(({ id }) => all.findIndex((item) => item.id === id));
    expect(await found(`editor=${chief.id}`)).toEqual([1, 0]);
    expect(await found(`act=sections.change`)).toEqual([3]);
    expect(await found(`object=article`)).toEqual([4, 2, 1, 0]);
    expect(await found(`object=article&objectId=7`)).toEqual([4, 2, 0]);
    expect(await found(`object=section&objectId=7`)).toEqual([3]);
    expect(await found(`editor=${admin.id}&act=articles.publish&object=article&objectId=7&from=2020-01-01&to=9999-12-31`)).toEqual([2]);
    expect(await found(`act=articles.dance`)).toEqual([]);
    expect(await found(`editor=999999999`)).toEqual([]);
  });

  it('takes days in the center’s zone, both inclusive, also where the day has 23 hours', async () => {
    // Summer time begins in Cairo on 24 April 2026 at midnight: that day begins at 22:00 and ends at 21:00 UTC.
    await wroteAt('2026-04-23T21:59:59.999Z', '2026-04-23T22:00:00Z', '2026-04-24T20:59:59.999999Z', '2026-04-24T21:00:00Z');
    const found = async (query: string): Promise<number[]> => (await listed(query)).map(({ object }) => object.id);
    expect(await found('from=2026-04-24')).toEqual([4, 3, 2]);
    expect(await found('to=2026-04-24')).toEqual([3, 2, 1]);
    expect(await found('from=2026-04-24&to=2026-04-24')).toEqual([3, 2]);
    expect(await found('from=2026-04-25&to=2026-04-24')).toEqual([]);
  });

  it('finds an entry by the moment it gives, which is a thousandth of a second long', async () => {
    await wroteAt('2026-01-01T10:00:00.123456Z', '2026-01-01T10:00:00.124Z');
    const found = async (query: string): Promise<number[]> => (await listed(query)).map(({ object }) => object.id);
    const { at } = (await listed())[1]!;
    expect(at).toBe('2026-01-01T10:00:00.123Z');
    expect(await found(`from=${at}&to=${at}`)).toEqual([1]);
    expect(await found('to=2026-01-01T12:00:00.123%2B02:00')).toEqual([1]);
    expect(await found('from=2026-01-01T10:00:00.1235Z')).toEqual([2, 1]);
  });

  it.each(['', '&act=tags.create', '&object=tag', '&from=2025-12-31&to=2026-01-02'])(
    'goes through all, page by page, each once, also those of one moment and while more are written%s',
    async (filter) => {
      const moment = '2026-01-01T10:00:00.123456Z';
      await wroteAt(...Array.from({ length: 7 }, () => moment), '2026-01-01T10:00:00.123455Z', '2026-01-01T10:00:00.123457Z');
      const seen: number[] = [];
      let next: string | null = '';
      while (next !== null) {
        const { body } = await world
          .as(admin)
          .get(`${AUDIT}?limit=2${filter}${next === '' ? '' : `&cursor=${next}`}`)
          .expect(200);
        seen.push(...(body.items as Item[]).map(({ object }) => object.id));
        if (next === '') await wroteAt('2026-01-01T11:00:00Z');
        next = body.nextCursor as string | null;
      }
      expect(seen).toEqual([9, 7, 6, 5, 4, 3, 2, 1, 8]);
    },
  );
});

describe('the log', () => {
  let owner: pg.Client;
  beforeAll(async () => {
    const [{ name }] = await world.dataSource.query<[{ name: string }]>(`select current_database() as name`);
    // The role with which the application itself connects: it owns the table.
    owner = new pg.Client({ ...suiteConnection(), database: name });
    await owner.connect();
  });
  afterAll(() => owner.end());
  beforeEach(async () => {
    await wrote(chief);
    await wrote(null);
  });

  const everything = async (): Promise<unknown[]> => (await owner.query(`select to_jsonb(l) as entry from audit_log l order by id`)).rows;

  /** @returns SQLSTATE and constraint of the refusal, or null when the statements are allowed; they are taken back either way */
  async function refusal(...statements: readonly string[]): Promise<string | null> {
    await owner.query('begin');
    try {
      for (const sql of statements) await owner.query(sql);
      return null;
    } catch (error) {
      if (error instanceof pg.DatabaseError) return [error.code, error.constraint].filter(Boolean).join(' ');
      throw error;
    } finally {
      await owner.query('rollback');
    }
  }

  const RETENTION = `set local markaz.retention = 'on'`;

  it.each([
    [[`update audit_log set editor_name = 'somebody else'`]],
    [[`update audit_log set at = at`]],
    [[`delete from audit_log`]],
    [[`truncate audit_log`]],
    [[`merge into audit_log l using (select 1) x on true when matched then delete`]],
    [
      [
        `insert into audit_log (id, act, object_type, object_id) overriding system value select id, 'x.y', 'tag', 1 from audit_log
       on conflict (id) do update set act = excluded.act`,
      ],
    ],
    [[RETENTION, `update audit_log set editor_name = null`]],
    [[RETENTION, `truncate audit_log`]],
    [[`set local markaz.retention = 'off'`, `delete from audit_log`]],
    [[`set local markaz.retention = 'true'`, `delete from audit_log`]],
  ])('only grows, for its owner too: %j is refused', async (statements) => {
    const before = await everything();
    expect(before).toHaveLength(2);
    expect(await refusal(...statements)).toBe('23000 audit_log_append_only');
    expect(await everything()).toEqual(before);
  });

  it('lets the retention remove entries, in its own transaction only', async () => {
    expect(await refusal(RETENTION, `delete from audit_log`)).toBe(null);
    await owner.query(`begin; ${RETENTION}; commit`);
    expect(await refusal(`delete from audit_log`)).toBe('23000 audit_log_append_only');
  });

  it('cannot be replaced unseen: it may not be replicated over, nor its trigger be passed, by a role that is no superuser', async () => {
    expect(await refusal(`set local session_replication_role = 'replica'`)).toBe('42501');
  });

  it('keeps nothing of an act that was taken back', async () => {
    const before = await everything();
    const failed = world.tx(async (tx) => {
      await world.app.get(AuditService).record(tx, SYSTEM, { act: 'tags.create', object: { type: 'tag', id: 1 } });
      throw new Error('taken back');
    });
    await expect(failed).rejects.toThrow('taken back');
    expect(await everything()).toEqual(before);
  });

  it('outlives the editor it tells about, under the name of that time', async () => {
    const gone = await anEditor(world, 'contributor');
    await wrote(gone);
    await world.dataSource.query(`delete from editors where id = $1`, [gone.id]);
    expect(await listed(`editor=${gone.id}`)).toMatchObject([{ editor: { id: gone.id, name: 'اسم المحرر' } }]);
  });
});
