import { randomBytes } from 'node:crypto';
import type { Actor } from '../src/access/access.js';
import { DraftingService, type ActResult } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { SYSTEM } from '../src/access/access.js';
import { aFront, aPicture, anAd, aPoll, aSection, aSeries, aTag, anAuthor, anEditor, type TestEditor } from './factories.js';
import { named, startWithRoutes, type Route } from './routes.js';
import type { TestApp } from './test-app.js';

// Ids of other things: every table has numbers of its own here, so an id that is looked for in the wrong place finds something nowhere.

const DESK = '/api/v1/desk';

/** Tables with ids, and where the numbers of each begin. */
const FIRST = {
  sections: 1_000,
  authors: 2_000,
  tags: 3_000,
  series: 4_000,
  editors: 5_000,
  articles: 6_000,
  revisions: 7_000,
  mail_outbox: 8_000,
  notices: 9_000,
  audit_log: 10_000,
  polls: 11_000,
  poll_options: 12_000,
  media: 13_000,
  lexicon_groups: 14_000,
  ads: 15_000,
  fronts: 16_000,
};
type Table = keyof typeof FIRST;

let world: TestApp;
let routes: readonly Route[];
let admin: TestEditor;
let contributor: TestEditor;
let sectionEditor: TestEditor;
let granted: { id: number };
let author: { id: number };
/** An article with three revisions and one with a single one, of which the contributor owns the second. */
let long: ActResult;
let short: ActResult;
/** Of each table an id that is nobody's anywhere else. */
let ids: Record<Table, number>;

beforeAll(async () => {
  ({ world, routes } = await startWithRoutes());
  for (const [table, first] of Object.entries(FIRST))
    await world.dataSource.query(`alter table ${table} alter column id restart with ${first}`);
  granted = await aSection(world);
  [admin, contributor, sectionEditor] = [
    await anEditor(world, 'admin'),
    await anEditor(world, 'contributor'),
    await anEditor(world, 'section_editor', granted.id),
  ];
  author = await anAuthor(world);
  const elsewhere = await aSection(world);
  [long, short] = [await anArticleOf(admin, elsewhere.id, 3), await anArticleOf(contributor, elsewhere.id, 1)];
  await world.tx((tx) => world.app.get(WorkflowService).correct(tx, SYSTEM, long, 'صُحّح رقم.'));
  await world.tx((tx) =>
    world.app.get(MailRoom).post(tx, {
      kind: 'reset',
      dedupeKey: 'one',
      to: 'salma@readers.example',
      mail: { subject: 'س', html: '<p>س</p>', text: 'س' },
    }),
  );
  await Promise.all([aTag(world), aSeries(world), aPoll(world), aPicture(world), anAd(world), aFront(world)]);
  await world.as(admin).post(`${DESK}/lexicon`, aGroup()).expect(201);
  // The last of each: of the revisions that is the newest one of an article, which is nearest to being taken for it.
  const lasts = await Promise.all(
    Object.keys(FIRST).map(async (table) => {
      const [{ id }] = await world.dataSource.query<[{ id: number }]>(`select max(id)::int as id from ${table}`);
      return [table, id] as const;
    }),
  );
  ids = Object.fromEntries(lasts) as Record<Table, number>;
});
afterAll(() => world.close());

it('stands on numbers that mean one thing', () => {
  const thousands = Object.entries(ids).map(([table, id]) => [table, Math.floor(id / 1_000) * 1_000]);
  expect(Object.fromEntries(thousands)).toEqual(FIRST);
});

async function anArticleOf(creator: TestEditor, sectionId: number, revisions: number): Promise<ActResult> {
  const [drafting, workflow] = [world.app.get(DraftingService), world.app.get(WorkflowService)];
  const by: Actor = { editor: { id: creator.id, name: 'كاتب', role: 'admin', sections: [] }, requestId: null };
  const content = { title: 'مقال', summary: 'خلاصة.', body: '<p>متن.</p>', sectionId, byline: [{ authorId: author.id }] };
  return world.tx(async (tx) => {
    let article = await workflow.publish(tx, SYSTEM, await drafting.draft(tx, by, { lang: 'ar', ...content }));
    for (let number = 2; number <= revisions; number += 1)
      article = await workflow.publish(tx, SYSTEM, await drafting.save(tx, SYSTEM, article.id, article.version, content));
    return article;
  });
}

const word = (): string => `اسم ${randomBytes(6).toString('hex')}`;

const text = (more: object = {}): object => ({
  lang: 'en',
  title: word(),
  body: '<p>متن.</p>',
  sectionId: granted.id,
  authorIds: [author.id],
  ...more,
});

const appointment = (more: object = {}): object => ({
  email: `${randomBytes(6).toString('hex')}@center.example`,
  name: 'محررة',
  role: 'section_editor',
  ...more,
});

const anAdText = (more: object = {}): object => ({
  slot: 'home',
  text: { ar: word() },
  link: 'https://books.example/',
  startsAt: '2026-01-31T12:00:00Z',
  advertiser: 'دار الكتب',
  ...more,
});

const aGroup = (): object => ({ kind: 'forms', forms: [word(), word()] });

/** Everything that an act could have written. */
async function everything(): Promise<unknown> {
  return world.dataSource.query(
    `select (select md5(string_agg(a::text, '' order by id)) from articles a) as articles,
       (select md5(string_agg(r::text, '' order by id)) from revisions r) as revisions,
       (select md5(string_agg(e::text, '' order by id)) from editors e) as editors,
       (select md5(string_agg(g::text, '' order by g::text)) from editor_sections g) as grants,
       (select md5(string_agg(s::text, '' order by id)) from sections s) as sections,
       (select md5(string_agg(p::text, '' order by id)) from polls p) as polls,
       (select md5(string_agg(d::text, '' order by id)) from ads d) as ads,
       (select md5(string_agg(t::text, '' order by t::text)) from ad_sections t) as targets,
       (select md5(string_agg(f::text, '' order by id)) from fronts f) as fronts,
       (select md5(string_agg(b::text, '' order by b::text)) from front_blocks b) as blocks,
       (select md5(string_agg(p::text, '' order by p::text)) from front_pieces p) as pieces,
       (select md5(string_agg(f::text, '' order by group_id, position)) from lexicon_forms f) as lexicon, (select count(*) from audit_log) as audited`,
  );
}

/** The table whose id stands in a path of the desk. */
const TABLES: Readonly<Record<string, Table>> = { mail: 'mail_outbox', lexicon: 'lexicon_groups', front: 'fronts' };
const tableOf = (path: string): Table => {
  const kind = path.split('/')[4]!;
  return TABLES[kind] ?? (kind as Table);
};

/** A body that the route takes, so that only the id can be refused. */
function bodyFor(path: string): object {
  const acts: Record<string, object> = {
    return: { comment: 'س' },
    schedule: { at: new Date(Date.now() + 86_400_000).toISOString() },
    correct: { note: 'س' },
    retract: { reason: 'س' },
    withdraw: { reason: 'س' },
    merge: { into: author.id },
  };
  const last = path.split('/').at(-1)!;
  if (last === 'preview-links') return {};
  const kind = tableOf(path);
  if (kind === 'polls' && ON_POLLS[last]) return ON_POLLS[last];
  if (last !== ':id') return last === 'retry' ? {} : { version: 1, ...acts[last] };
  const whole: Partial<Record<Table, object>> = {
    articles: text(),
    editors: appointment(),
    polls: { question: { ar: word() } },
    media: { alt: { ar: word() } },
    lexicon_groups: aGroup(),
    ads: anAdText(),
    fronts: {},
  };
  return { version: 1, ...(whole[kind] ?? { name: { ar: word() } }) };
}

/** By the last part of the path. */
const ON_POLLS: Readonly<Record<string, object>> = {
  voids: { filter: { status: 'counted' }, reason: 'س' },
  remove: { reason: 'س' },
  release: {},
  restore: {},
  events: { label: 'قاعة', startsAt: '2026-01-31T12:00:00Z', endsAt: '2026-01-31T15:00:00Z' },
};

describe('an id in the path', () => {
  // Each route by the ids of each other table: about a thousand requests.
  it('finds nothing that only another table has, on any route', { timeout: 60_000 }, async () => {
    // Tokens have UUIDs, which nothing else has.
    const withId = routes.filter(
      ({ method, path }) => method !== 'HEAD' && path.startsWith(`${DESK}/`) && path.includes(':id') && !path.startsWith(`${DESK}/tokens/`),
    );
    expect(new Set(withId.map(({ path }) => tableOf(path)))).toEqual(
      new Set([
        'sections',
        'authors',
        'tags',
        'series',
        'editors',
        'articles',
        'polls',
        'mail_outbox',
        'media',
        'lexicon_groups',
        'ads',
        'fronts',
      ]),
    );
    const before = await everything();
    for (const route of withId) {
      const statuses: Record<string, unknown> = {};
      const own = tableOf(route.path);
      const others = Object.entries(ids).filter(([table]) => table !== own);
      for (const [table, id] of others) {
        const path = route.path
          .replace(':id', String(id))
          .replace(/:(number|voidId|groupId|eventId|linkId)/, '1')
          .replace(':name', '320.webp');
        const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
        const answer = await world.as(admin)[method](path, method === 'get' ? undefined : bodyFor(route.path));
        statuses[table] = [answer.status, answer.body.code];
      }
      expect([named(route), statuses]).toEqual([named(route), Object.fromEntries(others.map(([table]) => [table, [404, 'not_found']]))]);
    }
    expect(await everything()).toEqual(before);
  });
});

describe('a revision', () => {
  const revision = (article: { id: number }, number: number): string => `${DESK}/articles/${article.id}/revisions/${number}`;

  it('is read by its number within its own article only', async () => {
    await world.as(admin).get(revision(long, 3)).expect(200);
    // The numbers of the other article, the ids of rows, its own among them.
    for (const number of [2, 3, 4, FIRST.revisions, FIRST.revisions + 2, ids.revisions])
      expect([number, (await world.as(admin).get(revision(short, number))).status]).toEqual([number, 404]);
  });

  it('is restored within its own article only', async () => {
    const before = await everything();
    const [{ version }] = await world.dataSource.query<[{ version: number }]>(`select version from articles where id = $1`, [short.id]);
    for (const editor of [admin, contributor])
      for (const number of [2, 3, FIRST.revisions, ids.revisions]) {
        const answer = await world.as(editor).post(`${revision(short, number)}/restore`, { version });
        expect([number, answer.status]).toEqual([number, 404]);
      }
    expect(await everything()).toEqual(before);
  });

  it('of an article that one may not see is not there, by any number, and is not told from none', async () => {
    for (const editor of [contributor, sectionEditor]) {
      const hidden = await Promise.all(
        [revision(long, 1), revision(long, 99), revision({ id: 999_999 }, 1)].map(async (path) => {
          const { status, body } = await world.as(editor).get(path);
          return { status, body: { ...body, instance: null } };
        }),
      );
      expect(hidden.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(new Set(hidden.map((answer) => JSON.stringify(answer))).size).toBe(1);
    }
  });
});

describe('an id in a body', () => {
  const otherThan = (...tables: Table[]): [string, number][] => Object.entries(ids).filter(([table]) => !tables.includes(table as Table));

  it('names only what is of its kind: else 422 for the field, and nothing is written', async () => {
    const fields: [string, Table, string, (id: number) => object][] = [
      ['sectionId', 'sections', 'POST articles', (id) => text({ sectionId: id })],
      ['authorIds', 'authors', 'POST articles', (id) => text({ authorIds: [author.id, id] })],
      ['authorRoles', 'authors', 'POST articles', (id) => text({ authorRoles: [{ authorId: id, role: 'ترجمة' }] })],
      ['tags', 'tags', 'POST articles', (id) => text({ tags: [id] })],
      ['seriesId', 'series', 'POST articles', (id) => text({ seriesId: id })],
      ['translationOf', 'articles', 'POST articles', (id) => text({ translationOf: id })],
      ['sectionId', 'sections', `PATCH articles/${short.id}`, (id) => ({ sectionId: id, version: short.version })],
      ['authorIds', 'authors', `PATCH articles/${short.id}`, (id) => ({ authorIds: [id], version: short.version })],
      ['tags', 'tags', `PATCH articles/${short.id}`, (id) => ({ tags: [id], version: short.version })],
      ['seriesId', 'series', `PATCH articles/${short.id}`, (id) => ({ seriesId: id, version: short.version })],
      ['translationOf', 'articles', `PATCH articles/${short.id}`, (id) => ({ translationOf: id, version: short.version })],
      ['into', 'authors', `POST authors/${author.id}/merge`, (id) => ({ into: id, version: 1 })],
      ['parentId', 'sections', 'POST sections', (id) => ({ name: { ar: word() }, parentId: id })],
      ['parentId', 'sections', `PATCH sections/${granted.id}`, (id) => ({ parentId: id, version: 1 })],
      ['sections', 'sections', 'POST editors', (id) => appointment({ sections: [granted.id, id] })],
      ['sections', 'sections', `PATCH editors/${sectionEditor.id}`, (id) => ({ sections: [id], version: 1 })],
      ['place.sectionId', 'sections', 'POST polls', (id) => ({ question: { ar: word() }, place: { sectionId: id } })],
      ['place.seriesId', 'series', 'POST polls', (id) => ({ question: { ar: word() }, place: { seriesId: id } })],
      ['place.articleId', 'articles', 'POST polls', (id) => ({ question: { ar: word() }, place: { articleId: id } })],
      ['place.sectionId', 'sections', `PATCH polls/${ids.polls}`, (id) => ({ place: { sectionId: id }, version: 1 })],
      ['place.seriesId', 'series', `PATCH polls/${ids.polls}`, (id) => ({ place: { seriesId: id }, version: 1 })],
      ['place.articleId', 'articles', `PATCH polls/${ids.polls}`, (id) => ({ place: { articleId: id }, version: 1 })],
      ['sectionIds', 'sections', 'POST ads', (id) => anAdText({ sectionIds: [granted.id, id] })],
      ['sectionIds', 'sections', `PATCH ads/${ids.ads}`, (id) => ({ sectionIds: [id], version: 1 })],
      ['pictureId', 'media', 'POST ads', (id) => anAdText({ text: null, pictureId: id })],
      ['pictureId', 'media', `PATCH ads/${ids.ads}`, (id) => ({ text: null, pictureId: id, version: 1 })],
      ['leadId', 'articles', 'POST front', (id) => ({ leadId: id })],
      ['leadId', 'articles', `PATCH front/${ids.fronts}`, (id) => ({ leadId: id, version: 1 })],
      ['blocks.sectionId', 'sections', 'POST front', (id) => ({ blocks: [{ kind: 'section', sectionId: id, count: 1 }] })],
      ['blocks.seriesId', 'series', 'POST front', (id) => ({ blocks: [{ kind: 'series', seriesId: id, count: 1 }] })],
      ['blocks.articleIds', 'articles', 'POST front', (id) => ({ blocks: [{ kind: 'pieces', articleIds: [id] }] })],
      [
        'blocks.articleIds',
        'articles',
        `PATCH front/${ids.fronts}`,
        (id) => ({ blocks: [{ kind: 'pieces', articleIds: [id] }], version: 1 }),
      ],
    ];
    const before = await everything();
    for (const [field, table, route, body] of fields) {
      const [method, path] = route.split(' ') as ['POST' | 'PATCH', string];
      for (const [other, id] of otherThan(table)) {
        const answer = await world.as(admin)[method.toLowerCase() as 'post' | 'patch'](`${DESK}/${path}`, body(id));
        const refused = (answer.body.errors as { field: string }[] | undefined)?.map((error) => error.field);
        expect([route, other, answer.status, answer.body.code, refused]).toEqual([route, other, 422, 'unknown_reference', [field]]);
      }
    }
    expect(await everything()).toEqual(before);
  });

  it('of an article that one may not see is one that is not there: a translation joins nothing unseen', async () => {
    const before = await everything();
    for (const editor of [contributor, sectionEditor]) {
      const answers = await Promise.all(
        [long.id, 999_999].map(async (translationOf) => {
          const { status, body } = await world.as(editor).post(`${DESK}/articles`, text({ translationOf }));
          return { status, body: { ...body, instance: null } };
        }),
      );
      expect(answers[0]!.status).toBe(422);
      expect(answers[0]).toEqual(answers[1]);
    }
    expect(await everything()).toEqual(before);
  });
});

describe('an id in a filter', () => {
  it('lists nothing for what only another table has', async () => {
    for (const [table, id] of Object.entries(ids)) {
      const lists = [
        ...(table === 'sections' ? [] : [`articles?section=${id}`, `editors?section=${id}`]),
        ...(table === 'authors' ? [] : [`articles?author=${id}`]),
      ];
      for (const list of lists) {
        const { body } = await world.as(admin).get(`${DESK}/${list}`).expect(200);
        expect([table, list, body.items]).toEqual([table, list, []]);
      }
    }
  });
});
