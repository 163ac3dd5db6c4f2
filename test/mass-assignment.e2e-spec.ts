import { randomBytes, randomUUID } from 'node:crypto';
import type { OpenAPIObject } from '@nestjs/swagger';
import { openApiDocument } from '../src/http/openapi.js';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { aPicture, anAd, aFront, PASSWORD, aBallot, aDraft, aPoll, castAll, aSection, aSeries, aTag, anArticle, anAuthor, anEditor, withPassword, type TestEditor, type TestPoll } from './factories.js'; // prettier-ignore
import { Authenticator, anEnrolled, type Enrolled } from './authenticator.js';
import { startTestApp, type TestApp } from './test-app.js';

// What the server owns cannot be sent: every column of the database, under both its names, to every door that takes a body.

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** A door that takes a body. */
interface Door {
  /** `METHOD /path/{id}` as documented. */
  readonly name: string;
  readonly schema: Schema;
}

type Body = Readonly<Record<string, unknown>>;

/** The answer to an invalid body names this many faults at the most. */
const BATCH = 20;

let world: TestApp;
let document: OpenAPIObject;
let admin: TestEditor;
/** Every name a column has: the table's, and the entity's property. */
let columns: readonly string[];

beforeAll(async () => {
  world = await startTestApp();
  document = openApiDocument(world.app);
  admin = await withPassword(world, await anEditor(world, 'admin'));
  const rows = await world.dataSource.query<{ column_name: string }[]>(
    `select distinct column_name from information_schema.columns where table_schema = 'public'`,
  );
  const properties = world.dataSource.entityMetadatas.flatMap((entity) => entity.columns.map(({ propertyName }) => propertyName));
  const names = rows.flatMap(({ column_name: name }) => [name, name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]);
  columns = [...new Set([...names, ...properties])].toSorted();
});
afterAll(() => world.close());

function resolve(schema: Schema): Schema {
  if (schema.$ref) return resolve(document.components!.schemas![schema.$ref.split('/').at(-1)!] as Schema);
  return schema.allOf?.length === 1 ? resolve(schema.allOf[0]!) : schema;
}

function doors(): Door[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>).flatMap(
      ([method, { requestBody }]) =>
        // A file has no fields.
        requestBody?.content['application/json']
          ? [{ name: `${method.toUpperCase()} ${path}`, schema: resolve(requestBody.content['application/json'].schema) }]
          : [],
    ),
  );
}

/** A value of each kind that a column could take; none is what stands in the database. */
function intruder(name: string): unknown {
  if (/(_at|At|since|until|expires|Date|_date)$/.test(name)) return '2001-02-03T04:05:06Z';
  if (/(^id|_id|Id|_by|By|version|number|position|attempts|tries|words|group|Group|minutes|Minutes)$/.test(name)) return 4_242;
  return name === 'role' ? 'admin' : name === 'state' ? 'active' : name === 'status' ? 'published' : 'intruder';
}

const withIntruders = (body: Body, names: readonly string[]): Body => ({
  ...body,
  ...Object.fromEntries(names.map((name) => [name, intruder(name)])),
});

/** All there is, but for what counts visits: table by table. */
async function everything(): Promise<Record<string, string>> {
  const tables = await world.dataSource.query<{ name: string; sql: string }[]>(
    // When a session was last seen is written once a minute, whatever is asked.
    `select t.table_name as name, format('select coalesce(md5(string_agg(t.row::text, chr(10) order by t.row::text)), '''') as sum from (select to_jsonb(r) - ''seen_at'' as row from %I r) t', t.table_name) as sql
     from information_schema.tables t where t.table_schema = 'public' and t.table_type = 'BASE TABLE' and t.table_name <> 'rate_buckets'`,
  );
  const sums = await Promise.all(
    tables.map(async ({ name, sql }) => [name, (await world.dataSource.query<[{ sum: string }]>(sql))[0].sum] as const),
  );
  return Object.fromEntries(sums);
}

const chunks = (names: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(names.length / BATCH) }, (_, index) => names.slice(index * BATCH, (index + 1) * BATCH));

const word = (): string => `اسم ${randomBytes(6).toString('hex')}`;
const IN_A_YEAR = new Date(Date.now() + 365 * 86_400_000).toISOString();

interface Ready {
  readonly id?: number;
  /** Of what stands within it. */
  readonly inner?: number;
  /** Whose door it is, where not any admin's. */
  readonly by?: TestEditor;
  readonly body: Body;
}

/** A body that the door takes as it is, and for what: so that a refusal can only be for what was added. */
const READY: Readonly<Record<string, () => Promise<Ready>>> = {
  'POST /api/v1/sessions': async () => ({ body: { email: admin.email, password: PASSWORD } }),
  'POST /api/v1/password-resets': async () => ({ body: { email: admin.email } }),
  'POST /api/v1/passwords': async () => ({ body: { token: 'none', password: `نخلة أخرى ${randomUUID()}` } }),
  'POST /api/v1/polls/{id}/votes': async () => aVote(),
  'POST /api/v1/polls/confirmations': async () => ({ body: { token: 'none' } }),
  'POST /api/v1/articles/{idOrSlug}/shares': async () => ({
    id: (await anArticle(world)).id,
    body: { senderName: 'سلمى', senderEmail: 'sender@readers.example', recipients: ['friend@friends.example'] },
  }),
  'POST /api/v1/shares/confirmations': async () => ({ body: { token: 'none' } }),
  'PUT /api/v1/desk/me/password': async () => ({ body: { currentPassword: PASSWORD, password: `نخلة أخرى ${randomUUID()}` } }),
  'POST /api/v1/desk/me/second-factor': async () => ({
    by: await withPassword(world, await anEditor(world, 'chief')),
    body: { password: PASSWORD },
  }),
  'POST /api/v1/desk/me/second-factor/confirmations': async () => {
    const by = await withPassword(world, await anEditor(world, 'chief'));
    const begun = await world.as(by).post('/api/v1/desk/me/second-factor', { password: PASSWORD }).expect(201);
    return { by, body: { code: await new Authenticator(world, begun.body.secret as string).code() } };
  },
  'POST /api/v1/desk/me/second-factor/recovery-codes': async () => withCode(await anEnrolled(world, 'chief')),
  'POST /api/v1/desk/me/second-factor/removals': async () => withCode(await anEnrolled(world, 'chief')),
  'POST /api/v1/desk/tokens': async () => ({
    body: { name: word(), scopes: ['articles:read'], expiresAt: new Date(Date.now() + 86_400_000).toISOString(), password: PASSWORD },
  }),
  'POST /api/v1/desk/mail/suppressions': async () => ({ body: { address: 'salma@readers.example' } }),
  'POST /api/v1/desk/mail/resume': async () => {
    await world.dataSource.query(`insert into mail_stops (lane, reason) values ('shares', 'bounces') on conflict do nothing`);
    return { body: { lane: 'shares' } };
  },
  'POST /api/v1/desk/mail/{id}/retry': async () => ({ id: await aMail(), body: {} }),
  'POST /api/v1/desk/editors': async () => ({ body: appointment() }),
  'PUT /api/v1/desk/editors/{id}': async () => ({ ...(await of(anEditor(world, 'chief'))), body: { ...appointment(), version: 1 } }),
  'PATCH /api/v1/desk/editors/{id}': async () => ({ ...(await of(anEditor(world, 'chief'))), body: { name: word(), version: 1 } }),
  'POST /api/v1/desk/editors/{id}/invite': async () => ({ ...(await of(anEditor(world, 'chief'))), body: { version: 1 } }),
  ...named('sections', () => aSection(world)),
  ...named('authors', () => anAuthor(world)),
  'POST /api/v1/desk/authors/{id}/merge': async () => ({
    ...(await of(anAuthor(world))),
    body: { into: (await anAuthor(world)).id, version: 1 },
  }),
  'POST /api/v1/desk/authors/{id}/unmerge': async () => ({ id: await aMergedAuthor(), body: { version: 2 } }),
  ...named('tags', () => aTag(world)),
  ...named('series', () => aSeries(world)),
  'POST /api/v1/desk/lexicon': async () => ({ body: aGroup() }),
  'PUT /api/v1/desk/lexicon/{id}': async () => ({ ...(await of(aMadeGroup())), body: { ...aGroup(), version: 1 } }),
  'PATCH /api/v1/desk/lexicon/{id}': async () => ({ ...(await of(aMadeGroup())), body: { ...aGroup(), version: 1 } }),
  'PATCH /api/v1/desk/media/{id}': async () => ({ ...(await of(aPicture(world))), body: { alt: { ar: word() }, version: 1 } }),
  'POST /api/v1/desk/ads': async () => ({ body: anAdText() }),
  'PUT /api/v1/desk/ads/{id}': async () => ({ ...(await of(anAd(world))), body: { ...anAdText(), version: 1 } }),
  'POST /api/v1/desk/front': async () => ({ body: { startsAt: IN_A_YEAR, blocks: [NEWEST] } }),
  'PUT /api/v1/desk/front/{id}': async () => ({ ...(await of(aFront(world))), body: { blocks: [NEWEST], version: 1 } }),
  'PATCH /api/v1/desk/front/{id}': async () => ({ ...(await of(aFront(world))), body: { blocks: [NEWEST], version: 1 } }),
  'PATCH /api/v1/desk/ads/{id}': async () => ({ ...(await of(anAd(world))), body: { weight: 20, version: 1 } }),
  'PUT /api/v1/desk/center': async () => ({ body: { name: { ar: word() }, version: await centerVersion() } }),
  'PATCH /api/v1/desk/center': async () => ({ body: { name: { ar: word() }, version: await centerVersion() } }),
  'POST /api/v1/desk/polls': async () => ({ body: { question: { ar: word() }, place: {} } }),
  'PUT /api/v1/desk/polls/{id}': async () => ({
    ...(await of(aPoll(world))),
    body: { question: { ar: word() }, options: TWO, version: 1 },
  }),
  'PATCH /api/v1/desk/polls/{id}': async () => ({ ...(await of(aPoll(world))), body: { question: { ar: word() }, version: 1 } }),
  'POST /api/v1/desk/polls/{id}/open': async () => ({ ...(await of(aPoll(world, { state: 'draft' }))), body: { version: 1 } }),
  'POST /api/v1/desk/polls/{id}/close': async () => ({ ...(await of(aPoll(world))), body: { version: 1 } }),
  'POST /api/v1/desk/polls/{id}/archive': async () => ({ ...(await of(aPoll(world, { state: 'closed' }))), body: { version: 1 } }),
  'POST /api/v1/desk/polls/{id}/supersede': async () => ({ ...(await of(aPoll(world))), body: { version: 1 } }),
  'POST /api/v1/desk/articles': async () => ({ body: await text() }),
  'PUT /api/v1/desk/articles/{id}': async () => ({ ...(await of(aDraft(world))), body: { ...(await text()), version: 1 } }),
  'PATCH /api/v1/desk/articles/{id}': async () => ({ ...(await of(aDraft(world))), body: { title: word(), version: 1 } }),
  'POST /api/v1/desk/articles/{id}/revisions/{number}/restore': async () => ({ ...(await of(aDraft(world))), body: { version: 1 } }),
  'POST /api/v1/desk/articles/{id}/preview-links': async () => ({ ...(await of(aDraft(world))), body: { note: 'للمراجع' } }),
  'POST /api/v1/desk/articles/{id}/submit': async () => ({ ...(await of(aDraft(world))), body: { version: 1 } }),
  'POST /api/v1/desk/articles/{id}/return': async () => ({ ...(await of(submitted())), body: { version: 2, comment: 'ينقصه مصدر.' } }),
  'POST /api/v1/desk/articles/{id}/approve': async () => ({ ...(await of(submitted())), body: { version: 2 } }),
  'POST /api/v1/desk/articles/{id}/schedule': async () => ({ ...(await of(aDraft(world))), body: { version: 1, at: IN_A_YEAR } }),
  'POST /api/v1/desk/articles/{id}/unschedule': async () => ({ ...(await of(scheduled())), body: { version: 2 } }),
  'POST /api/v1/desk/articles/{id}/publish': async () => ({ ...(await of(aDraft(world))), body: { version: 1 } }),
  'POST /api/v1/desk/articles/{id}/correct': async () => ({ ...(await of(anArticle(world))), body: { version: 2, note: 'صُحّح رقم.' } }),
  'POST /api/v1/desk/articles/{id}/unaffected': async () => ({ ...(await of(anArticle(world))), body: { version: 2 } }),
  'POST /api/v1/desk/articles/{id}/retract': async () => ({ ...(await of(anArticle(world))), body: { version: 2, reason: 'سبب.' } }),
  'POST /api/v1/desk/articles/{id}/withdraw': async () => ({ ...(await of(anArticle(world))), body: { version: 2, reason: 'سبب.' } }),
  'POST /api/v1/desk/polls/{id}/voids': async () => ({
    ...(await of(aVotedPoll())),
    body: { filter: { status: 'counted' }, reason: 'سبب' },
  }),
  'POST /api/v1/desk/polls/{id}/voids/{voidId}/restore': async () => {
    const { id } = await aVotedPoll();
    const voided = await world
      .as(admin)
      .post(`/api/v1/desk/polls/${id}/voids`, { filter: { status: 'counted' }, reason: 'سبب' })
      .expect(201);
    return { id, inner: voided.body.id as number, body: {} };
  },
  'POST /api/v1/desk/polls/{id}/reviews/{groupId}/release': async () => ({ ...(await aHeldGroup()), body: {} }),
  'POST /api/v1/desk/polls/{id}/reviews/{groupId}/remove': async () => ({ ...(await aHeldGroup()), body: { reason: 'سبب' } }),
  'POST /api/v1/desk/polls/{id}/events': async () => ({
    ...(await of(aPoll(world))),
    body: { label: word(), startsAt: '2026-01-31T12:00:00Z', endsAt: '2026-01-31T15:00:00Z', network: '198.51.100.7' },
  }),
};

const NEWEST = { kind: 'newest', count: 4 };

const anAdText = (): Body => ({
  slot: 'home',
  text: { ar: word() },
  link: 'https://books.example/',
  startsAt: IN_A_YEAR,
  advertiser: 'دار الكتب',
});

const aGroup = (): Body => ({ kind: 'forms', forms: [word(), word()] });

async function aMadeGroup(): Promise<{ id: number }> {
  return (await world.as(admin).post('/api/v1/desk/lexicon', aGroup()).expect(201)).body as { id: number };
}

async function aMergedAuthor(): Promise<number> {
  const [{ id }, { id: into }] = [await anAuthor(world), await anAuthor(world)];
  await world.as(admin).post(`/api/v1/desk/authors/${id}/merge`, { into, version: 1 }).expect(200);
  return id;
}

const TWO = [{ ar: 'نعم' }, { ar: 'لا' }];

async function aVotedPoll(): Promise<TestPoll> {
  const poll = await aPoll(world);
  await castAll(world, [aBallot(poll)]);
  return poll;
}

async function aHeldGroup(): Promise<{ id: number; inner: number }> {
  const { id } = await aVotedPoll();
  const [{ inner }] = await world.dataSource.query<[{ inner: number }]>(
    `with held as (insert into ballot_groups (poll_id, kind, key) values ($1, 'network', '\\x01') returning id),
       waiting as (update ballots set status = 'under_review', group_id = held.id from held where poll_id = $1)
     select id as inner from held`,
    [id],
  );
  return { id, inner };
}

const withCode = (by: Enrolled): Ready => ({ by, body: { password: PASSWORD, code: by.recoveryCodes[0] } });

const of = async (made: Promise<{ id: number }>): Promise<{ id: number }> => ({ id: (await made).id });

function named(resource: string, make: () => Promise<{ id: number }>): Record<string, () => Promise<Ready>> {
  const path = `/api/v1/desk/${resource}`;
  return {
    [`POST ${path}`]: async () => ({ body: { name: { ar: word() } } }),
    [`PUT ${path}/{id}`]: async () => ({ ...(await of(make())), body: { name: { ar: word() }, version: 1 } }),
    [`PATCH ${path}/{id}`]: async () => ({ ...(await of(make())), body: { name: { ar: word() }, version: 1 } }),
  };
}

const appointment = (): Body => ({ email: `${randomBytes(6).toString('hex')}@center.example`, name: 'محررة', role: 'contributor' });

async function text(): Promise<Body> {
  const [sectionId, authorId] = [(await aSection(world)).id, (await anAuthor(world)).id];
  return { lang: 'ar', title: word(), summary: 'خلاصة.', body: '<p>متن.</p>', sectionId, authorIds: [authorId] };
}

async function submitted(): Promise<{ id: number }> {
  const draft = await aDraft(world);
  await world.as(admin).post(`/api/v1/desk/articles/${draft.id}/submit`, { version: 1 }).expect(200);
  return draft;
}

async function scheduled(): Promise<{ id: number }> {
  const draft = await aDraft(world);
  await world.as(admin).post(`/api/v1/desk/articles/${draft.id}/schedule`, { version: 1, at: IN_A_YEAR }).expect(200);
  return draft;
}

/** As an editor sends it, without a reader's cookie: what is wrong with the body is said before that. */
async function aVote(): Promise<Ready> {
  const { id, optionIds } = await aPoll(world);
  return { id, body: { optionIds: [optionIds[0]!] } };
}

async function centerVersion(): Promise<number> {
  return (await world.as(admin).get('/api/v1/desk/center').expect(200)).body.version as number;
}

async function aMail(): Promise<number> {
  const dedupeKey = randomUUID();
  const mail = { subject: 'س', html: '<p>س</p>', text: 'س' };
  await world.tx((tx) => world.app.get(MailRoom).post(tx, { kind: 'reset', dedupeKey, to: 'salma@readers.example', mail }));
  const [[row]] = await world.dataSource.query<[[{ id: number }], number]>(
    `update mail_outbox set state = 'dead', ended_at = now() where dedupe_key = $1 returning id`,
    [dedupeKey],
  );
  return row.id;
}

function send({ name }: Door, { id, inner = 1, by = admin }: Ready, body: Body): ReturnType<TestApp['get']> {
  const [method, template] = name.split(' ') as [string, string];
  const path = template.replace(/\{id(OrSlug)?\}/, String(id)).replace(/\{(number|voidId|groupId)\}/, String(inner));
  // A share says in a header which one it is; nobody else looks at it.
  return world.as(by)[method.toLowerCase() as 'post' | 'put' | 'patch'](path, body).set('idempotency-key', randomUUID());
}

/** Sends it, and gives the names that were refused as unknown. */
async function refused(door: Door, ready: Ready, body: Body): Promise<string[]> {
  const answer = await send(door, ready, body);
  expect([door.name, answer.status, answer.body.code]).toEqual([door.name, 400, 'unknown_field']);
  const errors = answer.body.errors as { field: string; rule: string }[];
  return errors.filter(({ rule }) => rule === 'unknown').map(({ field }) => field);
}

it('knows a body for every door that takes one', () => {
  expect(
    doors()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(Object.keys(READY).toSorted());
  expect(columns).toEqual(expect.arrayContaining(['created_by', 'createdBy', 'liveRevisionId', 'token_hash', 'tokenHash', 'sealedAt']));
});

describe.each(Object.keys(READY))('%s', (name) => {
  let door: Door;
  let ready: Ready;
  let before: Record<string, string>;

  beforeAll(async () => {
    door = doors().find((one) => one.name === name)!;
    ready = await READY[name]!();
    before = await everything();
  });

  it('refuses every column it does not document, by name, and changes nothing', async () => {
    const foreign = columns.filter((column) => !(column in (door.schema.properties ?? {})));
    expect(foreign.length).toBeGreaterThan(columns.length - 25);
    for (const batch of chunks(foreign))
      expect(await refused(door, ready, withIntruders(ready.body, batch))).toEqual(expect.arrayContaining(batch));
    // One alone, too: that a crowd is refused says nothing about each.
    for (const column of ['id', 'createdBy', 'state', 'status', 'liveRevisionId', 'slug_folded'].filter((one) => foreign.includes(one)))
      expect(await refused(door, ready, withIntruders(ready.body, [column]))).toEqual([column]);
    expect(await everything()).toEqual(before);
  });

  it('refuses them inside its objects as well', async () => {
    for (const [field, property] of Object.entries(door.schema.properties ?? {})) {
      const isList = property.type === 'array';
      const inner = resolve(isList ? (property.items ?? {}) : property);
      if (!inner.properties) continue;
      const foreign = columns.filter((column) => !(column in inner.properties!));
      // A field of the wording kind refuses what is no language as a whole.
      const wording = Object.keys(inner.properties).toSorted().join() === 'ar,en,fr';
      for (const batch of chunks(foreign)) {
        const object = withIntruders({}, batch);
        const body = { ...ready.body, [field]: isList ? [object] : object };
        const answer = await send(door, ready, body);
        const fields = (answer.body.errors as { field: string }[]).map((error) => error.field);
        const path = isList ? `${field}.0` : field;
        expect([field, answer.status, answer.body.code]).toEqual([field, 400, wording ? 'invalid_body' : 'unknown_field']);
        expect(fields).toEqual(wording ? [field] : expect.arrayContaining(batch.slice(0, 10).map((column) => `${path}.${column}`)));
      }
    }
    expect(await everything()).toEqual(before);
  });

  it('documents nothing that is the server’s', () => {
    const owned =
      /^(id|created|edited|saved|sealed|settled|live|head|published_|tokenHash|hash|match|sortKey|slugFolded|state$|status$|dateline$|words$|plainText$|bodySource$|translationGroup$)/;
    expect(Object.keys(door.schema.properties ?? {}).filter((field) => owned.test(field))).toEqual([]);
  });

  it('takes the same body without them', async () => {
    if (name === 'PUT /api/v1/desk/me/password')
      return void expect((await send(door, ready, { ...ready.body, currentPassword: 'x' })).status).toBe(422);
    const { status } = await send(door, ready, ready.body);
    expect([name, TAKEN[name] ?? [200, 201]]).toEqual([name, expect.arrayContaining([status])]);
  });
});

/** What a good body gets where that is not 200 or 201. */
const TAKEN: Readonly<Record<string, readonly number[]>> = {
  'POST /api/v1/password-resets': [202],
  // The link is none, and no notice waits: what is told is told after the body was taken.
  'POST /api/v1/passwords': [422],
  'POST /api/v1/desk/articles/{id}/unaffected': [409],
  // Whose vote it is a cookie would say.
  'POST /api/v1/polls/{id}/votes': [400],
  'POST /api/v1/polls/confirmations': [422],
  // It has done no work.
  'POST /api/v1/articles/{idOrSlug}/shares': [422],
  'POST /api/v1/shares/confirmations': [422],
  // Who has set a password is invited no more.
  'POST /api/v1/desk/editors/{id}/invite': [409],
};
