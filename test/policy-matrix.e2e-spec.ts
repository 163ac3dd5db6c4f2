import { randomBytes, randomUUID } from 'node:crypto';
import type { Actor } from '../src/access/access.js';
import { SYSTEM } from '../src/access/access.js';
import { ROLES, type Role } from '../src/access/policy.js';
import { DraftingService, type ActResult } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { PASSWORD, aBallot, aPicture, anAd, aFront, anArticle, aPoll, aSection, aSeries, aTag, anAuthor, anEditor, castAll, withPassword, type TestEditor, type TestPoll } from './factories.js'; // prettier-ignore
import { Authenticator, anEnrolled, enrol } from './authenticator.js';
import { named, startWithRoutes, type Route } from './routes.js';
import type { TestApp } from './test-app.js';

// Who may do what at the desk: every role on every route, against the table below. The table is the contract's, written by hand: nothing in it
// is taken from the policy.

/** Whose article it is to the editor who acts. `granted`: it lies two levels below a section that the section editor was granted. */
const RELATIONS = ['own, granted', 'own, elsewhere', 'another’s, granted', 'another’s, elsewhere'] as const;
type Relation = (typeof RELATIONS)[number];

/** Status by role, and for articles by relation, in the order of {@link RELATIONS}. */
type ByRole = Readonly<Record<Role, number>>;
type ByRelation = Readonly<Record<Role, readonly [number, number, number, number]>>;

const ALL = [200, 200, 200, 200] as const;
const NEVER = [403, 403, 403, 403] as const;

// Articles. What an editor may not see is 404; but an act that a role may never do is 403 for every article, and for those that are not there.
const SEES: ByRelation = { admin: ALL, chief: ALL, section_editor: [200, 200, 200, 404], contributor: [200, 200, 404, 404] };
const REVIEWS: ByRelation = { admin: ALL, chief: ALL, section_editor: [200, 403, 200, 404], contributor: NEVER };
const REVIEWS_OTHERS: ByRelation = { admin: ALL, chief: ALL, section_editor: [403, 403, 200, 404], contributor: NEVER };
const SEES_ONLY: ByRelation = { admin: ALL, chief: ALL, section_editor: [403, 403, 403, 404], contributor: NEVER };
const CHIEFS_ONLY: ByRelation = { admin: ALL, chief: ALL, section_editor: NEVER, contributor: NEVER };

/** The same where what is allowed is answered otherwise. */
const answering = (status: number, expected: ByRelation): ByRelation =>
  Object.fromEntries(ROLES.map((role) => [role, expected[role].map((one) => (one === 200 ? status : one))])) as unknown as ByRelation;

/** The rest, for a status where it is allowed. */
const anybody = (status = 200): ByRole => ({ admin: status, chief: status, section_editor: status, contributor: status });
const sectionEditorsUp = (status = 200): ByRole => ({ ...anybody(status), contributor: 403 });
const chiefs = (status = 200): ByRole => ({ ...sectionEditorsUp(status), section_editor: 403 });
const admins = (status = 200): ByRole => ({ ...chiefs(status), chief: 403 });

const IN_A_YEAR = new Date(Date.now() + 365 * 86_400_000).toISOString();

/** How far an article is brought before the act. */
type State =
  | 'draft'
  | 'in_review'
  | 'returned'
  | 'approved'
  | 'scheduled'
  | 'live'
  | 'live, draft above'
  | 'live, approved above'
  | 'live, its translation corrected';

interface OnArticle {
  readonly states: readonly State[];
  readonly body?: object;
  readonly expected: ByRelation;
}

const DESK = '/api/v1/desk';

/** Routes that name an article: each case is tried in every one of its states, from which it is possible. */
const ARTICLES: Readonly<Record<string, readonly OnArticle[]>> = {
  [`GET ${DESK}/articles/:id`]: [{ states: ['draft', 'live'], expected: SEES }],
  [`GET ${DESK}/articles/:id/revisions`]: [{ states: ['draft', 'live'], expected: SEES }],
  [`GET ${DESK}/articles/:id/revisions/:number`]: [{ states: ['draft', 'live'], expected: SEES }],
  [`GET ${DESK}/articles/:id/revisions/:number/diff`]: [{ states: ['draft', 'live'], expected: SEES }],
  [`GET ${DESK}/articles/:id/spelling`]: [{ states: ['draft', 'live'], expected: SEES }],
  [`GET ${DESK}/articles/:id/preview-links`]: [{ states: ['draft', 'live'], expected: REVIEWS }],
  [`POST ${DESK}/articles/:id/preview-links`]: [
    { states: ['draft', 'approved', 'scheduled', 'live'], body: { unversioned: true }, expected: answering(201, REVIEWS) },
  ],
  [`DELETE ${DESK}/articles/:id/preview-links/:linkId`]: [{ states: ['draft', 'live'], expected: answering(204, REVIEWS) }],
  [`PUT ${DESK}/articles/:id`]: [{ states: ['draft', 'in_review', 'live'], body: { put: true }, expected: SEES }],
  [`PATCH ${DESK}/articles/:id`]: [
    { states: ['draft', 'in_review', 'returned', 'approved', 'live'], body: { kicker: 'فوقه' }, expected: SEES },
    {
      states: ['draft'],
      body: { publishedAt: '2020-01-01T00:00:00Z' },
      expected: { ...SEES, section_editor: [403, 403, 403, 404], contributor: [403, 403, 404, 404] },
    },
  ],
  [`POST ${DESK}/articles/:id/revisions/:number/restore`]: [{ states: ['draft', 'live'], expected: SEES }],
  [`POST ${DESK}/articles/:id/submit`]: [{ states: ['draft', 'returned', 'live, draft above'], expected: SEES }],
  [`POST ${DESK}/articles/:id/return`]: [{ states: ['in_review', 'approved'], body: { comment: 'ينقصه مصدر.' }, expected: REVIEWS }],
  [`POST ${DESK}/articles/:id/approve`]: [{ states: ['in_review'], expected: REVIEWS_OTHERS }],
  [`POST ${DESK}/articles/:id/schedule`]: [
    { states: ['approved', 'live, approved above'], body: { at: IN_A_YEAR }, expected: REVIEWS },
    { states: ['draft', 'in_review', 'returned', 'live, draft above'], body: { at: IN_A_YEAR }, expected: SEES_ONLY },
  ],
  [`POST ${DESK}/articles/:id/unschedule`]: [{ states: ['scheduled'], expected: REVIEWS }],
  [`POST ${DESK}/articles/:id/publish`]: [
    { states: ['approved', 'live, approved above'], expected: REVIEWS },
    { states: ['draft', 'in_review', 'returned', 'live, draft above'], expected: SEES_ONLY },
  ],
  [`POST ${DESK}/articles/:id/correct`]: [
    { states: ['live', 'live, draft above', 'live, approved above'], body: { note: 'صُحّح رقم.' }, expected: REVIEWS },
  ],
  // Who may say that a version was corrected also says that it is unaffected.
  [`POST ${DESK}/articles/:id/unaffected`]: [{ states: ['live, its translation corrected'], expected: REVIEWS }],
  [`POST ${DESK}/articles/:id/retract`]: [
    { states: ['live', 'live, approved above'], body: { reason: 'بيانات خاطئة.' }, expected: CHIEFS_ONLY },
  ],
  [`POST ${DESK}/articles/:id/withdraw`]: [
    { states: ['live', 'live, approved above'], body: { reason: 'أمر قضائي.' }, expected: CHIEFS_ONLY },
  ],
};

interface Elsewhere {
  readonly expected: ByRole;
  /** Readies what the act needs, for this editor; may give the editor another session. */
  readonly prepare?: (editor: TestEditor) => Promise<{ readonly path?: string; readonly body?: object }>;
}

const word = (): string => `اسم ${randomBytes(6).toString('hex')}`;
const made = (kind: string, id: number): string => `${DESK}/${kind}/${id}`;

/** The five routes of a resource whose objects have a name. Everybody who may write an article has to read what it can name. */
function resource(name: string, make: () => Promise<{ id: number }>, writes: (status?: number) => ByRole): Record<string, Elsewhere> {
  const aName = async (): Promise<object> => ({ name: { ar: word() } });
  const existing = async (body: object): Promise<{ path: string; body: object }> => ({ path: made(name, (await make()).id), body });
  return {
    [`GET ${DESK}/${name}`]: { expected: anybody() },
    [`GET ${DESK}/${name}/:id`]: { expected: anybody(), prepare: () => existing({}) },
    [`POST ${DESK}/${name}`]: { expected: writes(201), prepare: async () => ({ body: await aName() }) },
    [`PUT ${DESK}/${name}/:id`]: { expected: writes(), prepare: async () => existing({ ...(await aName()), version: 1 }) },
    [`PATCH ${DESK}/${name}/:id`]: { expected: writes(), prepare: async () => existing({ ...(await aName()), version: 1 }) },
  };
}

/** An act of chiefs' on a poll of this state. */
function pollWith(state: string, body: object, act = ''): Elsewhere {
  const prepare = async (): Promise<{ path: string; body: object }> => ({
    path: `${made('polls', (await aPoll(world, { state })).id)}${act}`,
    body: { ...body, version: 1 },
  });
  return { expected: chiefs(), prepare };
}

/** An act on a picture that nothing public shows. */
function onMedia(whose: 'own' | 'another’s', expected: ByRole, act = ''): Elsewhere {
  const prepare = async (editor: TestEditor): Promise<{ path: string; body: object }> => ({
    path: `${made('media', (await aPicture(world, { createdBy: (whose === 'own' ? editor : another).id })).id)}${act}`,
    body: { alt: { ar: word() }, version: 1 },
  });
  return { expected, prepare };
}

const anAdText = (): object => ({
  slot: 'home',
  text: { ar: word() },
  link: 'https://books.example/',
  startsAt: IN_A_YEAR,
  advertiser: 'دار الكتب',
});

/** An act on an ad that waits for its hour. */
function onAd(body: object, status = 200): Elsewhere {
  const prepare = async (): Promise<{ path: string; body: object }> => ({
    path: made('ads', (await anAd(world, { startsAt: IN_A_YEAR })).id),
    body: { ...body, version: 1 },
  });
  return { expected: chiefs(status), prepare };
}

/** An act on an arrangement of the front page that waits for its hour. */
function onFront(body: object, status = 200): Elsewhere {
  const prepare = async (): Promise<{ path: string; body: object }> => ({
    path: made('front', (await aFront(world, { startsAt: IN_A_YEAR })).id),
    body: { ...body, version: 1 },
  });
  return { expected: chiefs(status), prepare };
}

const aGroup = (): object => ({ kind: 'forms', forms: [word(), word()] });

/** An act on a group of the lexicon. */
function onLexicon(expected: ByRole): Elsewhere {
  const prepare = async (): Promise<{ path: string; body: object }> => ({
    path: made('lexicon', (await world.as(editors.admin).post(`${DESK}/lexicon`, aGroup()).expect(201)).body.id as number),
    body: { ...aGroup(), version: 1 },
  });
  return { expected, prepare };
}

const appointment = (): { email: string; name: string; role: Role } => ({
  email: `${randomBytes(6).toString('hex')}@center.example`,
  name: 'محررة جديدة',
  role: 'contributor',
});

const aToken = (): object => ({
  name: 'برنامج',
  scopes: ['articles:read'],
  expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  password: PASSWORD,
});

/** The second factor of the editor is on; the session stays. */
async function withCode(editor: TestEditor): Promise<{ body: object }> {
  const { token, recoveryCodes } = await enrol(world, await withPassword(world, editor));
  Object.assign(editor, { token });
  return { body: { password: PASSWORD, code: recoveryCodes[0] } };
}

const REST: Readonly<Record<string, Elsewhere>> = {
  [`GET ${DESK}/articles`]: { expected: anybody() },
  [`POST ${DESK}/articles`]: { expected: anybody(201), prepare: async () => ({ body: text(elsewhere.id) }) },
  ...resource('sections', () => aSection(world), chiefs),
  ...resource('authors', () => anAuthor(world), sectionEditorsUp),
  [`POST ${DESK}/authors/:id/merge`]: {
    expected: chiefs(),
    prepare: async () => ({
      path: `${made('authors', (await anAuthor(world)).id)}/merge`,
      body: { into: (await anAuthor(world)).id, version: 1 },
    }),
  },
  [`POST ${DESK}/authors/:id/unmerge`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${made('authors', await aMergedAuthor())}/unmerge`, body: { version: 2 } }),
  },
  ...resource('tags', () => aTag(world), sectionEditorsUp),
  ...resource('series', () => aSeries(world), chiefs),
  [`GET ${DESK}/lexicon`]: { expected: anybody() },
  [`GET ${DESK}/lexicon/:id`]: onLexicon(anybody()),
  [`POST ${DESK}/lexicon`]: { expected: chiefs(201), prepare: async () => ({ body: aGroup() }) },
  [`PUT ${DESK}/lexicon/:id`]: onLexicon(chiefs()),
  [`PATCH ${DESK}/lexicon/:id`]: onLexicon(chiefs()),
  [`DELETE ${DESK}/lexicon/:id`]: onLexicon(chiefs(204)),
  [`GET ${DESK}/media`]: { expected: anybody() },
  [`GET ${DESK}/media/:id`]: onMedia('own', anybody()),
  [`GET ${DESK}/media/:id/files/:name`]: onMedia('own', anybody(404), '/files/200.webp'),
  // Without a file: it is let in, and told so.
  [`POST ${DESK}/media`]: { expected: anybody(415) },
  [`PATCH ${DESK}/media/:id`]: onMedia('another’s', { ...anybody(), contributor: 404 }),
  [`DELETE ${DESK}/media/:id`]: onMedia('another’s', { ...anybody(204), contributor: 404 }),
  [`GET ${DESK}/polls`]: { expected: chiefs() },
  [`GET ${DESK}/polls/:id`]: { expected: chiefs(), prepare: async () => ({ path: made('polls', (await aPoll(world)).id) }) },
  [`GET ${DESK}/polls/:id/results`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${made('polls', (await aPoll(world)).id)}/results` }),
  },
  [`POST ${DESK}/polls`]: { expected: chiefs(201), prepare: async () => ({ body: { question: { ar: word() } } }) },
  [`PUT ${DESK}/polls/:id`]: pollWith('draft', { question: { ar: word() } }),
  [`PATCH ${DESK}/polls/:id`]: pollWith('draft', { question: { ar: word() } }),
  [`POST ${DESK}/polls/:id/open`]: pollWith('draft', {}, '/open'),
  [`POST ${DESK}/polls/:id/close`]: pollWith('open', {}, '/close'),
  [`POST ${DESK}/polls/:id/archive`]: pollWith('closed', {}, '/archive'),
  [`POST ${DESK}/polls/:id/supersede`]: pollWith('closed', {}, '/supersede'),
  [`GET ${DESK}/ads`]: { expected: chiefs() },
  [`GET ${DESK}/ads/:id`]: onAd({}),
  [`POST ${DESK}/ads`]: { expected: chiefs(201), prepare: async () => ({ body: anAdText() }) },
  [`PUT ${DESK}/ads/:id`]: onAd(anAdText()),
  [`PATCH ${DESK}/ads/:id`]: onAd({ weight: 20 }),
  [`DELETE ${DESK}/ads/:id`]: onAd({}, 204),
  [`GET ${DESK}/front`]: { expected: chiefs() },
  [`GET ${DESK}/front/preview`]: { expected: chiefs() },
  [`GET ${DESK}/front/:id`]: onFront({}),
  [`POST ${DESK}/front`]: { expected: chiefs(201), prepare: async () => ({ body: { startsAt: IN_A_YEAR } }) },
  [`PUT ${DESK}/front/:id`]: onFront({ endsAt: null }),
  [`PATCH ${DESK}/front/:id`]: onFront({ endsAt: null }),
  [`DELETE ${DESK}/front/:id`]: onFront({}, 204),
  [`GET ${DESK}/center`]: { expected: admins() },
  [`PUT ${DESK}/center`]: { expected: admins(), prepare: async () => ({ body: { name: { ar: 'مركز' }, version: await centerVersion() } }) },
  [`PATCH ${DESK}/center`]: {
    expected: admins(),
    prepare: async () => ({ body: { name: { ar: 'مركز' }, version: await centerVersion() } }),
  },
  [`GET ${DESK}/editors`]: { expected: admins() },
  [`GET ${DESK}/editors/:id`]: { expected: admins(), prepare: async ({ id }) => ({ path: made('editors', id) }) },
  [`POST ${DESK}/editors`]: { expected: admins(201), prepare: async () => ({ body: appointment() }) },
  [`PUT ${DESK}/editors/:id`]: {
    expected: admins(),
    prepare: async () => ({ path: made('editors', (await anEditor(world, 'chief')).id), body: { ...appointment(), version: 1 } }),
  },
  [`PATCH ${DESK}/editors/:id`]: {
    expected: admins(),
    // The editor himself: nobody but an admin gives himself another role.
    prepare: async ({ id }) => ({ path: made('editors', id), body: { name: 'اسم آخر', version: 1 } }),
  },
  [`POST ${DESK}/editors/:id/invite`]: {
    expected: admins(),
    prepare: async () => {
      const { body } = await world.as(editors.admin).post(`${DESK}/editors`, appointment()).expect(201);
      return { path: `${made('editors', body.id)}/invite`, body: { version: body.version } };
    },
  },
  [`GET ${DESK}/mail`]: { expected: admins() },
  [`POST ${DESK}/mail/suppressions`]: {
    expected: admins(201),
    prepare: async () => ({ path: `${DESK}/mail/suppressions`, body: { address: 'salma@readers.example' } }),
  },
  [`POST ${DESK}/mail/resume`]: {
    expected: admins(),
    prepare: async () => {
      await world.dataSource.query(`insert into mail_stops (lane, reason) values ('shares', 'bounces') on conflict do nothing`);
      return { path: `${DESK}/mail/resume`, body: { lane: 'shares' } };
    },
  },
  [`GET ${DESK}/mail/preview`]: {
    expected: admins(),
    prepare: async () => ({ path: `${DESK}/mail/preview?articleId=${(await anArticle(world)).id}` }),
  },
  [`POST ${DESK}/mail/:id/retry`]: {
    expected: admins(),
    prepare: async () => ({ path: `${made('mail', await aDeadMail())}/retry`, body: {} }),
  },
  [`GET ${DESK}/polls/:id/voids`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${made('polls', (await aPoll(world)).id)}/voids` }),
  },
  [`POST ${DESK}/polls/:id/voids`]: {
    expected: chiefs(201),
    prepare: async () => ({
      path: `${made('polls', (await aVotedPoll()).id)}/voids`,
      body: { filter: { status: 'counted' }, reason: 'سبب' },
    }),
  },
  [`POST ${DESK}/polls/:id/voids/:voidId/restore`]: {
    expected: chiefs(),
    prepare: async () => {
      const path = `${made('polls', (await aVotedPoll()).id)}/voids`;
      const { body } = await world
        .as(editors.admin)
        .post(path, { filter: { status: 'counted' }, reason: 'سبب' })
        .expect(201);
      return { path: `${path}/${body.id}/restore`, body: {} };
    },
  },
  [`GET ${DESK}/polls/:id/reviews`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${made('polls', (await aPoll(world)).id)}/reviews` }),
  },
  [`POST ${DESK}/polls/:id/reviews/:groupId/release`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${await aHeldGroup()}/release`, body: {} }),
  },
  [`POST ${DESK}/polls/:id/reviews/:groupId/remove`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${await aHeldGroup()}/remove`, body: { reason: 'سبب' } }),
  },
  [`GET ${DESK}/polls/:id/events`]: {
    expected: chiefs(),
    prepare: async () => ({ path: `${made('polls', (await aPoll(world)).id)}/events` }),
  },
  [`POST ${DESK}/polls/:id/events`]: {
    expected: chiefs(201),
    prepare: async () => ({ path: `${made('polls', (await aPoll(world)).id)}/events`, body: EVENT }),
  },
  [`DELETE ${DESK}/polls/:id/events/:eventId`]: {
    expected: chiefs(204),
    prepare: async () => {
      const path = `${made('polls', (await aPoll(world)).id)}/events`;
      const { body } = await world.as(editors.admin).post(path, EVENT).expect(201);
      return { path: `${path}/${body.id}` };
    },
  },
  [`GET ${DESK}/shares`]: { expected: chiefs() },
  [`GET ${DESK}/audit`]: { expected: chiefs() },
  [`GET ${DESK}/me`]: { expected: anybody() },
  [`PUT ${DESK}/me/password`]: {
    expected: anybody(),
    prepare: async (editor) => {
      await withPassword(world, editor);
      return { body: { currentPassword: PASSWORD, password: `نخلة أخرى ${randomUUID()}` } };
    },
  },
  [`GET ${DESK}/me/second-factor`]: { expected: anybody() },
  [`POST ${DESK}/me/second-factor`]: {
    expected: anybody(201),
    prepare: async (editor) => {
      await withPassword(world, editor);
      return { body: { password: PASSWORD } };
    },
  },
  [`POST ${DESK}/me/second-factor/confirmations`]: {
    expected: anybody(),
    prepare: async (editor) => {
      await withPassword(world, editor);
      const begun = await world.as(editor).post(`${DESK}/me/second-factor`, { password: PASSWORD }).expect(201);
      return { body: { code: await new Authenticator(world, begun.body.secret as string).code() } };
    },
  },
  [`POST ${DESK}/me/second-factor/recovery-codes`]: { expected: anybody(201), prepare: withCode },
  [`POST ${DESK}/me/second-factor/removals`]: { expected: anybody(), prepare: withCode },
  [`DELETE ${DESK}/editors/:id/second-factor`]: {
    expected: admins(204),
    prepare: async () => ({ path: `${made('editors', (await anEnrolled(world, 'chief')).id)}/second-factor` }),
  },
  [`GET ${DESK}/tokens`]: { expected: anybody() },
  [`POST ${DESK}/tokens`]: {
    expected: anybody(201),
    prepare: async (editor) => {
      await withPassword(world, editor);
      return { body: aToken() };
    },
  },
  [`DELETE ${DESK}/tokens/:id`]: {
    expected: anybody(204),
    prepare: async (editor) => {
      await withPassword(world, editor);
      const { body } = await world.as(editor).post(`${DESK}/tokens`, aToken()).expect(201);
      return { path: `${DESK}/tokens/${body.id as string}` };
    },
  },
  'GET /api/v1/sessions': { expected: anybody() },
  'DELETE /api/v1/sessions': { expected: anybody(204) },
  'DELETE /api/v1/sessions/current': { expected: anybody(204) },
  'DELETE /api/v1/sessions/:id': {
    expected: anybody(204),
    prepare: async (editor) => {
      const { body } = await world.as(editor).get('/api/v1/sessions').expect(200);
      return { path: `/api/v1/sessions/${(body.items as { id: string }[])[0]!.id}` };
    },
  },
};

let world: TestApp;
let routes: readonly Route[];
let granted: { id: number };
let belowGranted: { id: number };
let elsewhere: { id: number };
let author: { id: number };
/** One of each role; `another` writes what is not one's own. */
let editors: Record<Role, TestEditor>;
let another: TestEditor;

beforeAll(async () => {
  ({ world, routes } = await startWithRoutes());
  granted = await aSection(world);
  belowGranted = await aSection(world, { parentId: (await aSection(world, { parentId: granted.id })).id });
  elsewhere = await aSection(world);
  author = await anAuthor(world);
  editors = Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await ofRole(role)]))) as Record<Role, TestEditor>;
  another = await anEditor(world, 'contributor');
});
afterAll(() => world.close());

const ofRole = (role: Role): Promise<TestEditor> => anEditor(world, role, ...(role === 'section_editor' ? [granted.id] : []));

function text(sectionId: number): object {
  return { lang: 'ar', title: `مقال ${word()}`, summary: 'خلاصة.', body: '<p>متن أول.</p>', sectionId, authorIds: [author.id] };
}

async function centerVersion(): Promise<number> {
  return (await world.as(editors.admin).get(`${DESK}/center`).expect(200)).body.version as number;
}

async function aMergedAuthor(): Promise<number> {
  const [{ id }, { id: into }] = [await anAuthor(world), await anAuthor(world)];
  await world.as(editors.admin).post(`${DESK}/authors/${id}/merge`, { into, version: 1 }).expect(200);
  return id;
}

async function aDeadMail(): Promise<number> {
  const dedupeKey = randomUUID();
  const mail = { subject: 'س', html: '<p>س</p>', text: 'س' };
  await world.tx((tx) => world.app.get(MailRoom).post(tx, { kind: 'reset', dedupeKey, to: 'salma@readers.example', mail }));
  const [[row]] = await world.dataSource.query<[[{ id: number }], number]>(
    `update mail_outbox set state = 'dead', ended_at = now() where dedupe_key = $1 returning id`,
    [dedupeKey],
  );
  return row.id;
}

const EVENT = { label: 'قاعة', startsAt: '2026-01-31T12:00:00Z', endsAt: '2026-01-31T15:00:00Z', network: '198.51.100.7' };

async function aVotedPoll(): Promise<TestPoll> {
  const poll = await aPoll(world);
  await castAll(world, [aBallot(poll)]);
  return poll;
}

/** @returns its path */
async function aHeldGroup(): Promise<string> {
  const poll = await aVotedPoll();
  const [{ id }] = await world.dataSource.query<[{ id: number }]>(
    `with held as (insert into ballot_groups (poll_id, kind, key) values ($1, 'network', '\\x01') returning id),
       waiting as (update ballots set status = 'under_review', group_id = held.id from held where poll_id = $1)
     select id from held`,
    [poll.id],
  );
  return `${made('polls', poll.id)}/reviews/${id}`;
}

/** An article of `creator`'s in the section, brought to the state by Markaz itself. */
async function anArticleOf(creator: TestEditor, sectionId: number, state: State): Promise<ActResult> {
  const [drafting, workflow] = [world.app.get(DraftingService), world.app.get(WorkflowService)];
  const by: Actor = { editor: { id: creator.id, name: 'كاتب', role: 'chief', sections: [] }, requestId: null };
  return world.tx(async (tx) => {
    const content = { title: `مقال ${word()}`, summary: 'خلاصة.', body: '<p>متن.</p>', sectionId, byline: [{ authorId: author.id }] };
    let article = await drafting.draft(tx, by, { lang: 'ar', ...content });
    const on: Record<string, () => Promise<ActResult>> = {
      submit: () => workflow.submit(tx, SYSTEM, article),
      return: () => workflow.return(tx, SYSTEM, article, 'ينقصه مصدر.'),
      approve: () => workflow.approve(tx, SYSTEM, article),
      schedule: () => workflow.schedule(tx, SYSTEM, article, new Date(IN_A_YEAR)),
      publish: () => workflow.publish(tx, SYSTEM, article),
      save: () => drafting.save(tx, SYSTEM, article.id, article.version, content),
    };
    for (const act of STEPS[state]) article = await on[act]!();
    if (state === 'live, its translation corrected') {
      const translation = await drafting.draft(tx, SYSTEM, { lang: 'en', ...content, translationOf: article.id });
      await workflow.correct(tx, SYSTEM, await workflow.publish(tx, SYSTEM, translation), 'صُحّح رقم.');
    }
    return article;
  });
}

const STEPS: Record<State, readonly string[]> = {
  draft: [],
  in_review: ['submit'],
  returned: ['submit', 'return'],
  approved: ['submit', 'approve'],
  scheduled: ['submit', 'approve', 'schedule'],
  live: ['publish'],
  'live, draft above': ['publish', 'save'],
  'live, approved above': ['publish', 'save', 'submit', 'approve'],
  'live, its translation corrected': ['publish'],
};

const articleOf = (role: Role, relation: Relation, state: State): Promise<ActResult> =>
  anArticleOf(relation.startsWith('own') ? editors[role] : another, relation.endsWith('granted') ? belowGranted.id : elsewhere.id, state);

function send(editor: TestEditor, route: string, path: string, body?: object): ReturnType<TestApp['get']> {
  const method = route.split(' ')[0]!.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
  return world.as(editor)[method](path, method === 'get' || method === 'delete' ? undefined : body);
}

/** @returns the id of a link that is open */
async function aPreviewOf({ id }: { id: number }): Promise<number> {
  return (await world.as(editors.admin).post(`${DESK}/articles/${id}/preview-links`, {}).expect(201)).body.id as number;
}

const pathOf = (route: string, id: number): string => route.split(' ')[1]!.replace(':id', String(id)).replace(':number', '1');

/** Everything an act could have touched of the article. */
async function stateOf(id: number): Promise<unknown> {
  return world.dataSource.query(
    `select to_json(a) as article, (select json_agg(r order by r.id) from revisions r where r.article_id = a.id) as revisions,
       (select json_agg(l order by l.id) from preview_links l where l.article_id = a.id) as previews,
       (select count(*) from audit_log where object_type = 'article' and object_id = a.id) as audited
     from articles a where id = $1`,
    [id],
  );
}

it('has a row for every route of the desk, and none for what is not there', () => {
  const closed = routes.filter(({ method, door }) => method !== 'HEAD' && door !== 'public' && door !== 'raw');
  expect([...Object.keys(ARTICLES), ...Object.keys(REST)].toSorted()).toEqual(closed.map(named).toSorted());
});

describe('on an article', () => {
  const cases = Object.entries(ARTICLES).flatMap(([route, rows]) =>
    rows.flatMap((row) => row.states.map((state) => [`${route}, ${state}`, { route, state, ...row }] as const)),
  );

  it.each(cases)('%s', async (_name, { route, state, body, expected }) => {
    const answers: Record<string, number> = {};
    const wanted: Record<string, number> = {};
    for (const role of ROLES) {
      for (const [index, relation] of RELATIONS.entries()) {
        const article = await articleOf(role, relation, state);
        const linkId = route.includes(':linkId') ? await aPreviewOf(article) : 0;
        const before = await stateOf(article.id);
        const given = body && 'put' in body ? text(relation.endsWith('granted') ? belowGranted.id : elsewhere.id) : body;
        const sent = body && 'unversioned' in body ? {} : { ...given, version: article.version };
        const path = (id: number): string => pathOf(route, id).replace(':linkId', String(linkId));
        const answer = await send(editors[role], route, path(article.id), sent);
        answers[`${role}: ${relation}`] = answer.status;
        wanted[`${role}: ${relation}`] = expected[role][index]!;
        // Refused is untouched, and what one may not see is told like what is not there.
        if (answer.status >= 400) {
          expect([role, relation, await stateOf(article.id)]).toEqual([role, relation, before]);
          expect(answer.body.code).toBe(answer.status === 403 ? 'not_allowed' : 'not_found');
        }
        if (relation === 'another’s, elsewhere' && answer.status >= 400) {
          const nobodys = await send(editors[role], route, path(999_999), sent);
          expect([role, { ...answer.body, instance: null }]).toEqual([role, { ...nobodys.body, instance: null }]);
        }
      }
    }
    expect(answers).toEqual(wanted);
  });
});

/** What a refusal of that status says here. */
const CODES: Readonly<Record<number, string>> = { 403: 'not_allowed', 404: 'not_found', 415: 'unsupported_media_type' };

describe('on everything else', () => {
  it.each(Object.entries(REST))('%s', async (route, { expected, prepare }) => {
    const answers: Record<string, [number, string | undefined]> = {};
    for (const role of ROLES) {
      // Some of these end the session.
      const editor = await ofRole(role);
      const { path = route.split(' ')[1]!, body } = (await prepare?.(editor)) ?? {};
      const answer = await send(editor, route, path, body);
      answers[role] = [answer.status, answer.body.code];
    }
    expect(answers).toEqual(Object.fromEntries(ROLES.map((role) => [role, [expected[role], CODES[expected[role]]]])));
  });

  it('lets chiefs alone begin a piece under an old date, in any section', async () => {
    const statuses = await Promise.all(
      ROLES.map(async (role) => {
        const body = { ...text(elsewhere.id), publishedAt: '2020-01-01T00:00:00Z' };
        return [role, (await world.as(editors[role]).post(`${DESK}/articles`, body)).status];
      }),
    );
    expect(Object.fromEntries(statuses)).toEqual({ admin: 201, chief: 201, section_editor: 403, contributor: 403 });
  });
});

describe('a grant', () => {
  it('covers everything below its section, nothing above or beside it, and not the section itself once it moved out', async () => {
    const top = await aSection(world);
    const middle = await aSection(world, { parentId: top.id });
    const low = await aSection(world, { parentId: middle.id });
    const beside = await aSection(world, { parentId: top.id });
    const editor = await anEditor(world, 'section_editor', middle.id);
    const seen = async (): Promise<number[]> =>
      Promise.all(articles.map(async ({ id }) => (await world.as(editor).get(`${DESK}/articles/${id}`)).status));
    const articles = await Promise.all([top, middle, low, beside].map(({ id }) => anArticleOf(another, id, 'draft')));
    expect(await seen()).toEqual([404, 200, 200, 404]);
    await world.as(editors.chief).patch(`${DESK}/sections/${low.id}`, { parentId: beside.id, version: 1 }).expect(200);
    expect(await seen()).toEqual([404, 200, 404, 404]);
    await world.as(editors.chief).patch(`${DESK}/sections/${beside.id}`, { parentId: middle.id, version: 1 }).expect(200);
    expect(await seen()).toEqual([404, 200, 200, 200]);
  });

  it('counts for section editors alone, and is gone with the next request when it is taken back', async () => {
    const article = await anArticleOf(another, granted.id, 'approved');
    const contributor = await anEditor(world, 'contributor', granted.id);
    await world.as(contributor).get(`${DESK}/articles/${article.id}`).expect(404);
    const editor = await ofRole('section_editor');
    await world.as(editor).get(`${DESK}/articles/${article.id}`).expect(200);
    await world.dataSource.query(`delete from editor_sections where editor_id = $1`, [editor.id]);
    await world.as(editor).get(`${DESK}/articles/${article.id}`).expect(404);
    await world.as(editor).post(`${DESK}/articles/${article.id}/publish`, { version: article.version }).expect(404);
  });

  it('is asked for where a piece goes and where it is live: neither half of a move is enough', async () => {
    const live = await anArticleOf(another, elsewhere.id, 'live');
    await world.as(editors.chief).patch(`${DESK}/articles/${live.id}`, { sectionId: belowGranted.id, version: live.version }).expect(200);
    await world.as(editors.section_editor).get(`${DESK}/articles/${live.id}`).expect(404);
    const away = await anArticleOf(another, belowGranted.id, 'live');
    await world.as(editors.chief).patch(`${DESK}/articles/${away.id}`, { sectionId: elsewhere.id, version: away.version }).expect(200);
    await world.as(editors.section_editor).get(`${DESK}/articles/${away.id}`).expect(404);
  });

  it('lets nobody save his own piece into the granted section to publish what was approved elsewhere', async () => {
    const own = await anArticleOf(editors.section_editor, elsewhere.id, 'approved');
    const moved = await world
      .as(editors.section_editor)
      .patch(`${DESK}/articles/${own.id}`, { sectionId: belowGranted.id, version: own.version })
      .expect(200);
    expect(moved.body.state).toBe('draft');
    await world.as(editors.section_editor).post(`${DESK}/articles/${own.id}/publish`, { version: moved.body.version }).expect(403);
  });
});

it('sends a pending text out with a correction only for one who may publish it', async () => {
  const outcome = async (role: Role, state: State): Promise<boolean> => {
    const article = await anArticleOf(another, belowGranted.id, state);
    const { body } = await world
      .as(editors[role])
      .post(`${DESK}/articles/${article.id}/correct`, { note: 'صُحّح رقم.', version: article.version })
      .expect(200);
    expect(body.status).toBe('corrected');
    return body.liveRevision === body.revision;
  };
  expect([await outcome('section_editor', 'live, draft above'), await outcome('section_editor', 'live, approved above')]).toEqual([
    false,
    true,
  ]);
  expect([await outcome('chief', 'live, draft above'), await outcome('chief', 'live, approved above')]).toEqual([true, true]);
});
