import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OldAddresses } from '../src/articles/old-addresses.service.js';
import { Storage } from '../src/media/storage.js';
import { aDraft, aPicture, aPoll, aSection, aSeries, aTag, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** Every page, and every state that a piece can be in: what readers may see of it there. Whoever adds a page adds a row. */

const DESK = '/api/v1/desk';

type State = 'draft' | 'scheduled' | 'published' | 'pending' | 'corrected' | 'retracted' | 'withdrawn';

/** The acts that lead to a state, from a draft. `pending`: published, with a draft beside it that nobody may see. */
const STATES: Readonly<Record<State, readonly (readonly [act: string, body: object])[]>> = {
  draft: [],
  scheduled: [['submit', {}], ['approve', {}], ['schedule', { at: '2999-01-01T00:00:00Z' }]],
  published: [['publish', {}]],
  pending: [['publish', {}], ['save', { title: 'عنوان منتظر' }]],
  corrected: [['publish', {}], ['correct', { note: 'صُحّح رقم.' }]],
  retracted: [['publish', {}], ['retract', { reason: 'بيانات خاطئة.' }]],
  withdrawn: [['publish', {}], ['withdraw', { reason: 'طلب قضائي' }]],
}; // prettier-ignore

/** What is asked for: all that leads to one piece, which alone bears its word. */
interface Case {
  readonly id: number;
  readonly slug: string;
  readonly word: string;
  readonly section: string;
  readonly author: string;
  readonly series: string;
  readonly tag: string;
  readonly sister: { readonly id: number; readonly slug: string };
  readonly poll: number;
  readonly preview: string;
  readonly picture: number;
}

/** Status, whether the title is there, and by which sign one sees that it was corrected or retracted. */
type Seen = readonly [status: number, title: boolean, marks?: Partial<Record<State, RegExp>>];
type Row = readonly [
  address: (piece: Case) => string,
  seen: Readonly<Record<'hidden' | 'live' | 'withdrawn', Seen> & { retracted?: Seen }>,
];

const at = (...parts: readonly (string | number)[]): string => `/${parts.map(encodeURIComponent).join('/')}`;

const RETRACTED = /مسحوبة: /;
const ON_CARDS = { corrected: /<span class="status" lang="ar" dir="rtl">صُحّحت<\/span>/, retracted: RETRACTED };
const ON_THE_PIECE = { corrected: /صُحّح رقم\./, retracted: /بيانات خاطئة\./ };
const IN_JSON = { corrected: /"status" ?: ?"corrected"/, retracted: /"status" ?: ?"retracted"/ };

const always = (...seen: Seen): Row[1] => ({ hidden: seen, live: seen, withdrawn: seen });
/** It is there all the same, and the piece stands on it while it is public. */
const list = (marks: Seen[2]): Row[1] => ({ hidden: [200, false], live: [200, true, marks], withdrawn: [200, false] });
const piece = (...live: Seen): Row[1] => ({ hidden: [404, false], live, withdrawn: [410, false] });

/** By the route, as public-routes.txt has it. */
const TABLE: Readonly<Record<string, readonly Row[]>> = {
  '/': [[() => '/', list(ON_CARDS)]],
  '/*': [[({ word }) => at(`قديم-${word}`), piece(301, false)]],
  '/:id(^[1-9]\\d{0,8}$)': [[({ id }) => at(id), piece(301, false)]],
  '/articles/:id/:slug': [
    [({ id, slug }) => at('articles', id, slug), piece(200, true, ON_THE_PIECE)],
    [({ id }) => at('articles', id, 'اسم-آخر'), piece(301, false)],
    // The piece that it translates leads to it.
    [({ sister }) => at('articles', sister.id, sister.slug), list({ retracted: RETRACTED })],
  ],
  '/articles/:id/:slug/send': [[({ id, slug }) => at('articles', id, slug, 'send'), piece(200, true, { retracted: RETRACTED })]],
  '/authors': [[() => '/authors', always(200, false)]],
  '/authors/:idOrSlug': [[({ author }) => at('authors', author), list(ON_CARDS)]],
  '/media/:id/:name': [[({ picture }) => at('media', picture, '320.webp'), { hidden: [404, false], live: [200, false], withdrawn: [404, false] }]], // prettier-ignore
  '/polls': [[() => '/polls', always(200, false)]],
  '/polls/:id': [[({ poll }) => at('polls', poll), always(200, false)]],
  '/previews/:token': [[({ preview }) => at('previews', preview), { hidden: [200, true], live: [200, true], withdrawn: [404, false] }]],
  '/search': [[({ word }) => `/search?q=${word}`, list(ON_CARDS)]],
  '/sections/:idOrSlug': [[({ section }) => at('sections', section), list(ON_CARDS)]],
  '/series/:idOrSlug': [[({ series }) => at('series', series), list(ON_CARDS)]],
  '/tags/:idOrSlug': [[({ tag }) => at('tags', tag), list(ON_CARDS)]],
  '/api/v1/articles': [[({ section }) => `/api/v1/articles?section=${encodeURIComponent(section)}`, list(IN_JSON)]],
  '/api/v1/articles/:idOrSlug': [[({ id }) => `/api/v1/articles/${id}`, piece(200, true, IN_JSON)]],
  '/api/v1/articles/:idOrSlug/share-links': [[({ id }) => `/api/v1/articles/${id}/share-links`, piece(200, true)]],
  '/api/v1/most-read': [[() => '/api/v1/most-read?period=7d&limit=100', { ...list({}), retracted: [200, false] }]],
  '/api/v1/search': [[({ word }) => `/api/v1/search?q=${word}`, list(IN_JSON)]],
  '/api/v1/search/suggest': [[({ word }) => `/api/v1/search/suggest?q=${word}`, list({})]],
};

/** Public routes that no state of a piece changes. */
const OF_NO_PIECE =
  /^\/(about|privacy|favicon\.ico|robots\.txt|assets\/|dev\/|docs|health\/|go\/|desk\/|openapi\.json|\.well-known\/|mail\/|api\/\*|polls\/confirm\/|polls\/:id\/vote|shares\/confirm\/|previews\/:token\/media\/|api\/v1\/(ads|authors|center|polls|sections|shares|previews)\b)/;

let world: TestApp;
let chief: TestEditor;
let pieces: Readonly<Record<State, Case>>;

async function act(id: number, name: string, body: object): Promise<void> {
  const { version } = (await world.as(chief).get(`${DESK}/articles/${id}`)).body as { version: number };
  const given = { version, ...body };
  const { status } = await (name === 'save' ? world.as(chief).patch(`${DESK}/articles/${id}`, given) : world.as(chief).post(`${DESK}/articles/${id}/${name}`, given)); // prettier-ignore
  expect([name, status]).toEqual([name, 200]);
}

async function aCase(state: State, n: number): Promise<Case> {
  const word = `zqr${'abcdefg'[n]!.repeat(4)}`;
  const [section, author, series, tag, { id: picture }] = await Promise.all([aSection(world, { name: { ar: `قسم ${n}` } }), anAuthor(world, { name: { ar: `كاتب ${n}` } }), aSeries(world, `ملف ${n}`), aTag(world, `وسم ${n}`), aPicture(world)]); // prettier-ignore
  const folder = world.app.get(Storage).folderOf(picture);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '320.webp'), Buffer.alloc(1_000));
  const common = { sectionId: section.id, byline: [{ authorId: author.id }], series: { id: series.id }, tagIds: [tag.id] };
  // Something that is public in any case, or some of the pages would not be there; and what the piece translates.
  const sister = await anArticle(world, { ...common, lang: 'en', title: `Steady ${n}` });
  const draft = await aDraft(world, { ...common, title: `عنوان ${word}`, coverId: picture, translationOf: sister.id });
  await world.tx((tx) => world.app.get(OldAddresses).claim(tx, draft.id, [`/قديم-${word}`]));
  const poll = await aPoll(world, { articleId: draft.id });
  const { body } = await world.as(chief).post(`${DESK}/articles/${draft.id}/preview-links`, {}).expect(201);
  const preview = (body as { url: string }).url.split('/').at(-1)!;
  for (const [name, given] of STATES[state]) await act(draft.id, name, given);
  return { id: draft.id, slug: draft.slug, word, section: section.slug, author: author.slug, series: series.slug, tag: tag.slug, sister, poll: poll.id, preview, picture }; // prettier-ignore
}

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  const made: Partial<Record<State, Case>> = {};
  for (const [n, state] of (Object.keys(STATES) as State[]).entries()) made[state] = await aCase(state, n);
  pieces = made as Record<State, Case>;
  // As if each had been read most while it was public, and since become what it is.
  await world.dataSource.query(`insert into most_read (period, article_ids) values ('7d', $1)`, [
    Object.values(pieces).map(({ id }) => id),
  ]);
});
afterAll(() => world.close());

const rows = Object.entries(TABLE).flatMap(([route, ofRoute]) => ofRoute.map((row, n) => [n === 0 ? route : `${route} (${n + 1})`, row] as const)); // prettier-ignore

it.each(rows)('%s shows of a piece in each state what readers may know', async (_, [address, seen]) => {
  for (const [state, one] of Object.entries(pieces) as [State, Case][]) {
    const kind = state === 'draft' || state === 'scheduled' ? 'hidden' : state === 'withdrawn' ? 'withdrawn' : 'live';
    const [status, title, marks = {}] = (state === 'retracted' && seen.retracted) || seen[kind];
    const { statusCode, body } = await world.app.inject({ method: 'GET', url: address(one) });
    // What is asked for is repeated in fields and in addresses of other languages: the title stands in text.
    const text = decodeURIComponent(body.replaceAll(/<(?!span class="status")[^>]*>/g, '').replaceAll('+', ' ').replaceAll(/%(?![\dA-F]{2})/g, '')); // prettier-ignore
    expect([state, statusCode, text.includes(`عنوان ${one.word}`)]).toEqual([state, status, title]);
    // Of a list only the card of this piece.
    const [own] = [...body.matchAll(/<article class="card">.*?<\/article>/gs)].map(([card]) => card).filter((card) => card.includes(`عنوان ${one.word}`)); // prettier-ignore
    for (const [marked, mark] of Object.entries(marks))
      expect([state, marked, mark.test(own ?? body)]).toEqual([state, marked, title && marked === state]);
    expect([state, body.includes('عنوان منتظر')]).toEqual([state, false]);
  }
});

it('leads the front page with no piece that was taken back', async () => {
  const { id } = await anArticle(world, { title: 'أحدث المواد' });
  const lead = async (): Promise<boolean> => {
    const { body } = await world.app.inject({ method: 'GET', url: '/' });
    return /<div class="lead">.*?<\/article><\/div>/s.exec(body)![0].includes('أحدث المواد');
  };
  expect(await lead()).toBe(true);
  await act(id, 'retract', { reason: 'بيانات خاطئة.' });
  expect(await lead()).toBe(false);
});

it('has a row for every public page', () => {
  const routes = readFileSync(join(import.meta.dirname, 'public-routes.txt'), 'utf8').split('\n');
  const paths = routes.filter((route) => route.startsWith('GET ')).map((route) => route.slice('GET '.length));
  expect(paths.filter((path) => !(path in TABLE) && !OF_NO_PIECE.test(path)), 'say in TABLE what it shows of a piece in each state').toEqual([]); // prettier-ignore
  expect(Object.keys(TABLE).filter((path) => !paths.includes(path))).toEqual([]);
});
