import { createHash, randomBytes } from 'node:crypto';
import type { OpenAPIObject } from '@nestjs/swagger';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Storage } from '../src/media/storage.js';
import { openApiDocument } from '../src/http/openapi.js';
import { LANGS, type Lang } from '../src/text/language.js';
import { aPicture, aPoll, aSection, anArticle, anAuthor, anEditor, aSeries, aTag, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

// Nothing of a draft is told before its time. Fifty pieces that readers may not see carry a secret in everything an editor can write; then
// every public route is asked about each of them, by all its parameters.

/** Of one form, ASCII and short, so that one search finds every secret in every encoding, also when text is cut or folded. */
const SECRET = /zq[\da-f]{8}/i;
/** What the sequences are set to before the canaries are made, so that their numbers stand for nothing else: articles to revisions. */
const NUMBERED = {
  articles: 700_000_001,
  authors: 710_000_001,
  tags: 720_000_001,
  series: 730_000_001,
  editors: 740_000_001,
  revisions: 750_000_001,
  polls: 760_000_001,
  poll_options: 770_000_001,
  media: 780_000_001,
  ads: 790_000_001,
};
const NUMBER = /\b7[0-9]0000\d{3}\b/;

const HIDDEN_STATES = {
  draft: ['save'],
  in_review: ['save', 'submit'],
  returned: ['submit', 'return'],
  approved: ['submit', 'approve'],
  scheduled: ['submit', 'approve', 'schedule', 'unschedule', 'schedule'],
} as const;
type HiddenState = keyof typeof HIDDEN_STATES;

interface Canary {
  readonly kind: string;
  readonly lang: Lang;
  /** Of a piece that was never public; the others have or had a public address. */
  readonly neverPublic: boolean;
  readonly id: number;
  readonly slug: string;
  /** What a reader could ask about it: the word of its title, its address and number, and those of author, tag and series made for it. */
  readonly asked: readonly string[];
  /** Paths of files that it shows or links to. */
  readonly files: readonly string[];
}

interface Whole {
  readonly id: number;
  readonly version: number;
  readonly slug: string;
}

interface Shown {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let world: TestApp;
let document: OpenAPIObject;
let section: { id: number; slug: string };
let hiddenSection: { id: number; slug: string };
let contributor: TestEditor;
let chief: TestEditor;
const canaries: Canary[] = [];
/** Polls that readers may not see yet: drafts, and some that wait for their hour. */
const polls: Canary[] = [];
/** Ads that wait for their hour. */
const ads: Canary[] = [];
/** What stands for the parameter of a path when a query is asked about. */
const publicPaths: Record<string, string> = {};
/** Reader pages of what is public. */
const pages: string[] = [];
const moved: string[] = [];
let before: ReadonlyMap<string, Shown>;
let after: ReadonlyMap<string, Shown>;

const DESK = '/api/v1/desk';
const secret = (): string => `zq${randomBytes(4).toString('hex')}`;

async function show(url: string, method: 'GET' | 'POST' = 'GET', payload?: object): Promise<Shown> {
  const { statusCode, headers, body } = await world.app.inject({ method, url, ...(payload && { payload }) });
  return { status: statusCode, headers, body };
}

/** What Last-Modified is made of, finer than its whole seconds. */
async function clock(): Promise<string> {
  const [{ at }] = await world.dataSource.query<[{ at: string }]>(`select changed_at::text as at from pub.clock`);
  return at;
}

/** One act at the desk. Whether it moved what readers can see of time is noted under its name. */
async function act(name: string, editor: TestEditor, method: 'post' | 'patch' | 'put', path: string, body: object): Promise<Whole> {
  const from = await clock();
  const answer = await world.as(editor)[method](DESK + path, body);
  expect([name, answer.status, answer.body.code]).toEqual([name, name.startsWith('create') ? 201 : 200, undefined]);
  if ((await clock()) !== from) moved.push(name);
  return answer.body as Whole;
}

/** A text with a secret in every place an editor can write to, and the word and the numbers by which one could ask for it. */
async function secretText(n: number, lang: Lang): Promise<{ text: object; asked: string[]; slug: string; files: string[] }> {
  const word = { ar: `كلمة-نادرة-${n}`, en: `rareword-${n}`, fr: `mot-rare-${n}` }[lang];
  const named = (): Record<Lang, string> => ({
    ar: `اسم ${word} ${secret()}`,
    en: `Name ${word} ${secret()}`,
    fr: `Nom ${word} ${secret()}`,
  });
  const said = (): object => ({ fileName: `${secret()}.jpg`, alt: named(), credit: named(), createdBy: contributor.id });
  const [portrait, cover, shown] = [await aPicture(world, said()), await aPicture(world, said()), await aPicture(world, said())];
  const paper = await aPicture(world, { ...said(), kind: 'document' });
  const files = [
    ...[portrait, cover, shown].map(({ id }) => `/media/${id}/960.webp`),
    `/media/${cover.id}/original.jpg`,
    `/media/${paper.id}/document.pdf`,
  ];
  // They lie in storage too: what keeps them from readers is nothing but that nobody may see them.
  for (const file of files) {
    const [, , id, name] = file.split('/');
    const path = join(world.app.get(Storage).folderOf(Number(id)), name!);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.alloc(1_000));
  }
  const author = await act('create author', chief, 'post', '/authors', {
    name: named(),
    slug: `${word}-${secret()}`,
    honorific: named(),
    affiliation: named(),
    bio: named(),
    links: [{ label: secret(), url: `https://${secret()}.example/` }],
    aliases: [secret()],
    portraitId: portrait.id,
  });
  const tag = await act('create tag', chief, 'post', '/tags', { name: named(), slug: `${word}-${secret()}` });
  const series = await act('create series', chief, 'post', '/series', { name: named(), description: named(), slug: `${word}-${secret()}` });
  const slug = `${word}-${secret()}`;
  const text = {
    title: `${word} ${secret()}`,
    kicker: `${word} ${secret()}`,
    summary: `${word} ${secret()}`,
    body:
      `<h2 id="${secret()}">${word} ${secret()}</h2><p>${word} <a href="https://${secret()}.example/">${secret()}</a> <a data-media="${paper.id}">${secret()}</a></p>` +
      `<figure data-media="${shown.id}"><figcaption>${secret()}</figcaption></figure>`,
    coverId: cover.id,
    slug,
    sectionId: hiddenSection.id,
    authorIds: [author.id],
    authorRoles: [{ authorId: author.id, role: secret() }],
    type: 'policy_paper',
    tags: [tag.id],
    seriesId: series.id,
    publisher: { name: secret(), url: `https://${secret()}.example/` },
    references: [{ title: secret(), source: secret(), url: `https://${secret()}.example/`, accessed: '2026-01-15' }],
  };
  const asked = [word, slug, author.slug, String(author.id), tag.slug, String(tag.id), series.slug, String(series.id)];
  return { text, asked, slug, files };
}

/** Leads a piece as far as its kind says. @param writer who wrote it */
async function lead(kind: string, steps: readonly string[], { id, version }: Whole, writer: TestEditor): Promise<void> {
  for (const step of steps) {
    const path = `/articles/${id}`;
    if (step === 'save') {
      ({ version } = await act(`${kind}: save`, writer, 'patch', path, {
        version,
        title: `${secret()} مرة أخرى`,
        body: `<p>${secret()}</p>`,
      }));
      continue;
    }
    const said = { return: { comment: secret() }, schedule: { at: '2999-01-01T00:00:00Z' }, withdraw: { reason: 'طلب قضائي' } }[step];
    const editor = step === 'submit' ? writer : chief;
    ({ version } = await act(`${kind}: ${step}`, editor, 'post', `${path}/${step}`, { version, ...said }));
  }
}

/** A draft, which may be to mend a public poll, or be opened for an hour that is far. */
async function plantPoll(index: number, place: object, mistaken: { id: number }): Promise<void> {
  const word = `poll-word-${index}`;
  const named = (): Record<Lang, string> => ({ ar: `${word} ${secret()}`, en: `${word} ${secret()}`, fr: `${word} ${secret()}` });
  const text = { question: named(), intro: named(), options: [named(), named()], opensAt: '2999-01-01T00:00:00Z', place };
  let poll = await act('create poll', chief, 'post', '/polls', text);
  poll = await act('poll: save', chief, 'patch', `/polls/${poll.id}`, {
    version: poll.version,
    intro: named(),
    options: [named(), named(), named()],
  });
  const kind = ['poll to mend another', 'poll before its hour', 'poll draft'][index % 3]!;
  if (kind === 'poll before its hour') await act('poll: open', chief, 'post', `/polls/${poll.id}/open`, { version: poll.version });
  // A poll has one successor.
  if (index === 0) await world.dataSource.query(`update polls set supersedes = $2 where id = $1`, [poll.id, mistaken.id]);
  polls.push({ kind, lang: 'ar', neverPublic: true, id: poll.id, slug: word, asked: [String(poll.id), word, '770000001'], files: [] });
}

/** An ad with a text, or with a picture that nothing else shows, for a public section. */
async function plantAd(index: number): Promise<void> {
  const word = `ad-word-${index}`;
  const named = (): Record<Lang, string> => ({ ar: `${word} ${secret()}`, en: `${word} ${secret()}`, fr: `${word} ${secret()}` });
  const { id: pictureId } = await aPicture(world, { fileName: `${secret()}.jpg`, alt: named(), credit: named(), createdBy: chief.id });
  const shown = index % 2 ? { pictureId } : { text: named() };
  const { id, version } = await act('create ad', chief, 'post', '/ads', {
    slot: 'home',
    ...shown,
    link: `https://${secret()}.example/`,
    sectionIds: index % 3 ? [] : [section.id],
    startsAt: '2999-01-01T00:00:00Z',
    advertiser: secret(),
  });
  await act('ad: save', chief, 'patch', `/ads/${id}`, { version, link: `https://${secret()}.example/`, advertiser: secret() });
  const files = [`/media/${pictureId}/960.webp`];
  ads.push({
    kind: 'ad before its hour',
    lang: 'ar',
    neverPublic: true,
    id,
    slug: word,
    asked: [String(id), word, String(section.id)],
    files,
  });
}

/** An arrangement of the front page that waits, of public pieces under a secret title and of a hidden one. */
async function plantFront(index: number, pieceId: number): Promise<void> {
  const block = (): object => ({ kind: 'pieces', title: { ar: secret(), en: secret() }, articleIds: [pieceId, canaries[index]!.id] });
  const front = { startsAt: '2999-01-01T00:00:00Z', leadId: canaries[index]!.id, blocks: [block()] };
  const { id, version } = await act('create front', chief, 'post', '/front', front);
  await act('front: save', chief, 'patch', `/front/${id}`, { version, blocks: [block(), block()] });
}

/** Everything that readers can fetch without asking for something hidden. */
async function publicAnswers(): Promise<ReadonlyMap<string, Shown>> {
  const answers = new Map<string, Shown>();
  const { items } = JSON.parse((await show('/api/v1/articles?limit=100')).body) as { items: { id: number }[] };
  const addresses = Object.keys(document.paths)
    // A challenge is drawn anew each time, and an ad is of its five minutes.
    .filter((path) => document.paths[path]!.get && !/^[/]api[/]v1[/](?:desk[/]|ads[/]|shares[/]challenge$)/.test(path))
    .map((path) => path.replace(/\{(\w+)\}/, (_, name: string) => encodeURIComponent(publicPaths[`${path} ${name}`]!)));
  for (const path of [...addresses, ...items.map(({ id }) => `/api/v1/articles/${id}`), ...pages]) {
    for (const query of ['', ...LANGS.map((lang) => `?lang=${lang}`)]) answers.set(path + query, comparable(await show(path + query)));
  }
  for (const filter of [`section=${encodeURIComponent(section.slug)}`, 'type=analysis', 'limit=2', `section=${hiddenSection.id}`])
    answers.set(filter, comparable(await show(`/api/v1/articles?${filter}`)));
  return answers;
}

/** Without what differs from one request to the next. */
function comparable({ status, headers, body }: Shown): Shown {
  const { date: _date, ...rest } = headers;
  return { status, headers: rest, body: body.replace(/"urn:uuid:[\da-f-]{36}"/, '') };
}

beforeAll(async () => {
  world = await startTestApp();
  document = openApiDocument(world.app);
  section = await aSection(world, { name: { ar: 'قسم' } });
  hiddenSection = await aSection(world, { name: { ar: 'قسم فيه المخفي' } });
  const author = await anAuthor(world);
  const tag = await aTag(world);
  const series = await aSeries(world);
  for (const [list, { slug }] of Object.entries({ sections: section, authors: author, tags: tag, series }))
    pages.push(`/${list}/${encodeURIComponent(slug)}`);
  pages.push('/', '/about', '/authors', '/polls', '/search', `/sections/${encodeURIComponent(hiddenSection.slug)}`);
  const article = {
    sectionId: section.id,
    byline: [{ authorId: author.id }],
    tagIds: [tag.id],
    series: { id: series.id },
    body: '<p>متن معلن.</p>',
  };
  // Public pieces: some to be translated by drafts, some to be written over, some whose translations are taken away.
  const [translated, overwritten, bereft] = await Promise.all(
    [11, 10, 8].map((count) => Promise.all(Array.from({ length: count }, () => anArticle(world, article)))),
  );
  const place = { articleId: translated![0]!.id, sectionId: section.id, seriesId: series.id, onSite: true };
  const openPoll = await aPoll(world, place);
  const mistaken = await aPoll(world, { ...place, state: 'closed', opensAt: '2026-01-01T10:00:00Z', closesAt: '2026-01-02T10:00:00Z' });
  Object.assign(publicPaths, {
    '/api/v1/articles/{idOrSlug} idOrSlug': translated![0]!.slug,
    '/api/v1/authors/{slug} slug': author.slug,
    '/api/v1/sections/{slug} slug': section.slug,
    ...Object.fromEntries(['', '/results', '/results.csv', '/results.svg', '/receipts/{code}'].map((path) => [`/api/v1/polls/{id}${path} id`, String(openPoll.id)])), // prettier-ignore
    '/api/v1/ads/{slot} slot': 'home',
    '/api/v1/previews/{token} token': 'A'.repeat(43),
    '/api/v1/polls/{id}/receipts/{code} code': 'AAAAAAAAAAAAAAAA',
  });
  for (const [table, first] of Object.entries(NUMBERED))
    await world.dataSource.query(`alter sequence ${table}_id_seq restart with ${first}`);
  contributor = await anEditor(world, 'contributor');
  chief = await anEditor(world, 'chief');
  // Told of what is submitted, approved and returned, so that their mail holds it too.
  for (const { id } of [contributor, chief, await anEditor(world, 'section_editor', section.id, hiddenSection.id)])
    await world.dataSource.query(`update editors set name = $2, email = $3, email_canonical = $3 where id = $1`, [
      id,
      secret(),
      `${secret()}@center.example`,
    ]);

  let n = 0;
  const plant = async (
    kind: string,
    lang: Lang,
    steps: readonly string[],
    more: { translationOf?: number },
    over?: Whole,
  ): Promise<void> => {
    n += 1;
    const { text, asked, slug, files } = await secretText(n, lang);
    // Who links two texts may write both.
    const writer = over || more.translationOf ? chief : contributor;
    const begun = over
      ? await act(`${kind}: first save`, chief, 'patch', `/articles/${over.id}`, { version: over.version, ...text, ...more })
      : await act(`create ${kind}`, writer, 'post', '/articles', { lang, ...text, ...more });
    // Shown to somebody outside: whoever has no link learns nothing of that either.
    await act(`create preview of ${kind}`, chief, 'post', `/articles/${begun.id}/preview-links`, { note: secret() });
    await lead(kind, steps, begun, writer);
    const neverPublic = over === undefined && !steps.includes('withdraw');
    canaries.push({ kind, lang, neverPublic, id: begun.id, slug, asked: [...asked, String(begun.id)], files });
  };

  for (const [index, { id }] of bereft!.entries())
    await plant(
      'withdrawn',
      index % 2 ? 'en' : 'fr',
      ['submit', 'approve', 'publish', ...(index < 4 ? ['save', 'submit'] : []), 'withdraw'],
      {
        translationOf: id,
      },
    );
  // A correction is signed by nobody in public.
  const [corrected] = bereft!;
  const { body: whole } = await world.as(chief).get(`${DESK}/articles/${corrected!.id}`);
  await act('correct', chief, 'post', `/articles/${corrected!.id}/correct`, { version: (whole as Whole).version, note: 'صُحّح رقم.' });
  // So far the clock moved by right; from here on nothing public happens.
  moved.length = 0;
  await world.dataSource.query(`update content_clock set changed_at = now() - interval '1 hour'`);
  before = await publicAnswers();
  const states = Object.keys(HIDDEN_STATES) as HiddenState[];
  for (let index = 0; index < 32; index += 1) {
    const state = states[index % states.length]!;
    const lang = LANGS[index % 3]!;
    const translationOf = lang === 'ar' || index > 29 ? undefined : translated![Math.floor(index / 3)]!.id;
    await plant(state, lang, HIDDEN_STATES[state], { translationOf });
  }
  for (const [index, { id }] of overwritten!.entries()) {
    const state = states[index % states.length]!;
    const { body } = await world.as(chief).get(`${DESK}/articles/${id}`);
    await plant(`${state} over a live piece`, 'ar', HIDDEN_STATES[state], {}, body as Whole);
  }
  // A public piece is linked to a hidden one, and let go again.
  const { body: alone } = await world.as(chief).get(`${DESK}/articles/${translated![10]!.id}`);
  const hidden = canaries.findLast(({ kind, lang }) => kind === 'in_review' && lang === 'en')!;
  let { version } = alone as Whole;
  for (const translationOf of [hidden.id, null])
    ({ version } = await act(`link a live piece to ${translationOf}`, chief, 'patch', `/articles/${alone.id}`, { version, translationOf }));
  for (let index = 0; index < 9; index += 1) await plantPoll(index, { site: true, sectionId: section.id, seriesId: series.id, articleId: translated![0]!.id }, mistaken); // prettier-ignore
  for (let index = 0; index < 6; index += 1) await plantAd(index);
  for (let index = 0; index < 4; index += 1) await plantFront(index, overwritten![0]!.id);
  after = await publicAnswers();
  // In force from now on, it moves the clock by right; of what is hidden it tells nothing.
  await act('create front', chief, 'post', '/front', {
    leadId: canaries[0]!.id,
    blocks: [
      { kind: 'pieces', title: { ar: secret() }, articleIds: [canaries[1]!.id] },
      { kind: 'series', seriesId: Number(canaries[0]!.asked[7]), count: 4 },
      { kind: 'newest', count: 12 },
    ],
  });
  moved.pop();
}, 120_000);
afterAll(() => world.close());

/** Asks the same as a reader's program could who knows what lies there, and keeps what was found. */
/** Ends a crawl that has found what it was for. */
class FoundOne extends Error {}

class Crawl {
  readonly counts = new Map<string, number>();
  readonly found = new Set<string>();
  readonly broken = new Set<string>();

  /** @param toTheFirst ends with FoundOne at the first secret */
  constructor(private readonly toTheFirst = false) {}

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async ask(what: string, url: string, method: 'GET' | 'POST' = 'GET', payload?: object): Promise<void> {
    const { status, headers, body } = await show(url, method, payload);
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    if (status >= 500) this.broken.add(`${what}: ${status}`);
    // Cursors are opaque to people, not to programs.
    const cursors = [...`${body} ${String(headers['link'])}`.matchAll(/[\w-]{16,}/g)].map(([text]) =>
      Buffer.from(text, 'base64url').toString('latin1'),
    );
    const told = [JSON.stringify(headers), body, ...cursors].join('\n');
    const leak = SECRET.exec(told) ?? NUMBER.exec(told);
    if (leak) this.found.add(`${what}: …${told.slice(Math.max(0, leak.index - 60), leak.index + 30)}…`);
    if (leak && this.toTheFirst) throw new FoundOne();
  }

  async everything(about: readonly Canary[]): Promise<void> {
    for (const [template, operations] of Object.entries(document.paths)) {
      if (template.startsWith(`${DESK}/`)) continue;
      if (operations.get) await this.route(template, operations.get.parameters as Parameter[], about);
      if (operations.post) await this.form(template, operations.post.requestBody, about);
    }
    for (const page of pages) await this.ask('outside: pages', page);
    await this.lists();
    await this.cursors(about);
    for (const { id, slug, asked, files } of about) {
      const word = asked.find((one) => !SECRET.test(one) && !NUMBER.test(one));
      for (const path of [
        '/',
        '/openapi.json',
        '/health/live',
        '/health/ready',
        '/dev/mail',
        `/dev/mail/${id}`,
        `/${id}`,
        `/go/${id}`,
        `/articles/${id}/${encodeURIComponent(slug)}`,
        `/articles/${id}/${encodeURIComponent(slug)}/send`,
        `/polls/${id}`,
        `/polls/${id}/vote`,
        // The form shows again what was typed, so nothing but the word is.
        `/search?q=${encodeURIComponent(word!)}`,
        ...asked.flatMap((name) => ['sections', 'authors', 'series', 'tags'].map((list) => `/${list}/${encodeURIComponent(name)}`)),
        ...files,
      ])
        await this.ask(`outside ${path.replace(/\d+(\/.+)?$/, '{id}')}`, path);
    }
  }

  /** One route by each of its parameters, with everything that could be asked about each canary. */
  private async route(template: string, parameters: readonly Parameter[], about: readonly Canary[]): Promise<void> {
    const [inPath, ...further] = parameters.filter((parameter) => parameter.in === 'path');
    const inQuery = parameters.filter((parameter) => parameter.in === 'query');
    const filled = further.reduce((path, { name }) => path.replace(`{${name}}`, publicPaths[`${template} ${name}`]!), template);
    const path = (value: string): string => filled.replace(/\{\w+\}/, encodeURIComponent(value));
    const home = inPath ? path(publicPaths[`${template} ${inPath.name}`]!) : template;
    for (const { asked } of about) {
      for (const value of asked) {
        // A word where a number belongs is refused before anything is looked for.
        if (inPath && (inPath.schema.type !== 'number' || /^\d+$/.test(value)))
          for (const lang of ['', '?lang=ar', '?lang=en', '?lang=fr'])
            await this.ask(`${template} by path${lang && ', lang'}`, path(value) + lang);
        for (const { name } of inQuery) await this.ask(`${template} ?${name}`, `${home}?${name}=${encodeURIComponent(value)}`);
      }
    }
  }

  /** Forms that are open to all, of whatever the path names: filled with what names an editor, or the word. */
  private async form(template: string, requestBody: unknown, about: readonly Canary[]): Promise<void> {
    const { content } = (requestBody ?? {}) as { content?: Record<string, { schema: { $ref: string } }> };
    const schema = document.components!.schemas![content?.['application/json']!.schema.$ref.split('/').at(-1) ?? ''] as
      { properties: Record<string, unknown> } | undefined;
    for (const { asked } of about) {
      const fields = Object.keys(schema?.properties ?? {}).map((name) => [name, name === 'email' ? chief.email : asked[0]]);
      for (const value of template.includes('{') ? asked : [''])
        await this.ask(`POST ${template}`, template.replace(/\{\w+\}/, encodeURIComponent(value)), 'POST', Object.fromEntries(fields));
    }
  }

  /** Every list to its end, in every language, by every type. */
  private async lists(): Promise<void> {
    const types = ['', '&type=policy_paper', '&type=analysis', `&section=${hiddenSection.id}`, `&from=2000-01-01&to=2999-12-31`];
    for (const query of ['', ...LANGS.map((lang) => `&lang=${lang}`)].flatMap((lang) => types.map((type) => lang + type))) {
      let cursor: string | null = '';
      while (cursor !== null) {
        const url: string = `/api/v1/articles?limit=7${query}${cursor && `&cursor=${cursor}`}`;
        await this.ask('lists to their end', url);
        cursor = (JSON.parse((await show(url)).body) as { nextCursor: string | null }).nextCursor;
      }
    }
  }

  /** Positions that no page gave, at the very place of a hidden piece or author. */
  private async cursors(about: readonly Canary[]): Promise<void> {
    for (const { id, asked } of about) {
      for (const key of [Date.now() * 1_000, Date.parse('2999-01-01') * 1_000])
        await this.ask('forged cursor', `/api/v1/articles?cursor=${forged('articles', `${id}\n${key}`)}`);
      await this.ask('forged cursor', `/api/v1/authors?cursor=${forged('authors', `${id}\n${asked[0]}`)}`);
    }
  }
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: string };
}

/** As src/http/cursor.ts writes them: their check is no secret. */
function forged(list: string, position: string): string {
  const check = createHash('sha256').update(`${list}\n${position}`).digest('hex').slice(0, 8);
  return Buffer.from(`${position}\n${check}`).toString('base64url');
}

it('is set up: fifty pieces readers may not see, in three languages, in every state', () => {
  expect(canaries).toHaveLength(50);
  const count = (key: 'kind' | 'lang', value: string): number => canaries.filter((canary) => canary[key] === value).length;
  expect(Object.keys(HIDDEN_STATES).map((state) => [state, count('kind', state), count('kind', `${state} over a live piece`)])).toEqual([
    ['draft', 7, 2],
    ['in_review', 7, 2],
    ['returned', 6, 2],
    ['approved', 6, 2],
    ['scheduled', 6, 2],
  ]);
  expect([count('kind', 'withdrawn'), ...LANGS.map((lang) => count('lang', lang) >= 10)]).toEqual([8, true, true, true]);
});

it('no act on a hidden piece moves what public answers say of time, nor anything else of them', () => {
  expect([...new Set(moved)]).toEqual([]);
  expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
  expect(before.size).toBeGreaterThan(100);
});

/** @returns which addresses of hidden things answer otherwise than those of nothing */
async function distinguishable(): Promise<string[]> {
  const answer = async (url: string): Promise<string> => JSON.stringify(comparable(await show(url)));
  const none = {
    articles: await answer('/api/v1/articles/699999999'),
    authors: await answer('/api/v1/authors/nobody-has-this'),
    list: await answer('/api/v1/articles?tag=nobody-has-this'),
    page: await answer('/tags/nobody-has-this'),
  };
  expect(await answer('/api/v1/articles/nobody-has-this')).toBe(none.articles);
  const different: string[] = [];
  const compare = async (kind: string, url: string, nothing: keyof typeof none): Promise<void> => {
    if ((await answer(nothing === 'page' ? url : `/api/v1/${url}`)) !== none[nothing]) different.push(`${kind}: ${url}`);
  };
  for (const { id, slug, asked, neverPublic, kind, files } of canaries) {
    for (const file of files)
      if ((await answer(file)) !== (await answer(file.replace(/\d+/, '699999999')))) different.push(`${kind}: ${file}`);
    const [, , author, authorId, tag, tagId, series, seriesId] = asked.map(encodeURIComponent);
    if (neverPublic) await compare(kind, `articles/${id}`, 'articles');
    if (kind !== 'withdrawn') await compare(kind, `articles/${encodeURIComponent(slug)}`, 'articles');
    await compare(kind, `authors/${author}`, 'authors');
    for (const page of [
      `/authors/${author}`,
      `/authors/${authorId}`,
      `/tags/${tag}`,
      `/tags/${tagId}`,
      `/series/${series}`,
      `/series/${seriesId}`,
    ])
      await compare(kind, page, 'page');
    for (const filter of [`author=${author}`, `author=${authorId}`, `tag=${tag}`, `tag=${tagId}`, `series=${series}`, `series=${seriesId}`])
      await compare(kind, `articles?${filter}`, 'list');
  }
  for (const { id, kind, files } of ads)
    for (const path of [`/go/${id}`, ...files])
      if ((await answer(path)) !== (await answer(path.replace(/\d+/, '699999999')))) different.push(`${kind}: ${path}`);
  for (const { id, kind } of polls) {
    for (const page of [`/polls/${id}`, `/polls/${id}/vote`]) await compare(kind, page, 'page');
    for (const path of ['', '/results', '/results.csv', '/results.svg', '/receipts/AAAAAAAAAAAAAAAA'])
      if ((await answer(`/api/v1/polls/${id}${path}`)) !== (await answer(`/api/v1/polls/699999999${path}`)))
        different.push(`${kind}: ${path}`);
  }
  return different;
}

it('what was never public is like what does not exist', async () => {
  expect(await distinguishable()).toEqual([]);
});

it('of a withdrawn piece the reason is told, and nothing of its text', async () => {
  for (const { id, slug } of canaries.filter(({ kind }) => kind === 'withdrawn')) {
    for (const name of [id, encodeURIComponent(slug)]) {
      const { status, body } = await show(`/api/v1/articles/${name}?lang=ar`);
      expect(status).toBe(410);
      expect(body).toContain('طلب قضائي');
    }
  }
});

it(
  'every public route, by every parameter, about every hidden piece: no secret and no number of theirs',
  { timeout: 300_000 },
  async () => {
    const crawl = new Crawl();
    await crawl.everything([...canaries, ...polls, ...ads]);
    expect([...crawl.found, ...crawl.broken]).toEqual([]);
    expect(crawl.total).toBeGreaterThanOrEqual(5_000);
    process.stderr.write(
      `canary crawl: ${crawl.total} requests\n${[...crawl.counts].map(([what, count]) => `  ${count}  ${what}\n`).join('')}`,
    );
  },
);

describe('the checks find', () => {
  it.each([
    ['a view over the newest revision', 'articles', (sql: string) => sql.replaceAll('a.live_revision_id', 'a.head_revision_id')],
    ['authors of whom nothing is public', 'authors', (sql: string) => sql.slice(0, sql.lastIndexOf('WHERE (EXISTS'))],
    ['pictures that nothing public shows', 'media', (sql: string) => sql.replace(/WHERE[^]*$/, '')],
    ['drafts of polls', 'polls', (sql: string) => sql.slice(0, sql.lastIndexOf('WHERE'))],
    ['polls before their hour', 'polls', (sql: string) => sql.replaceAll('<= clock.now', 'is not null')],
    ['where polls will stand', 'poll_places', (sql: string) => sql.replaceAll('<= ( SELECT poll_now() AS poll_now)', 'is not null')],
    ['ads before their hour', 'ads', (sql: string) => sql.slice(0, sql.lastIndexOf('WHERE'))],
    ['the front page before its hour', 'front', (sql: string) => sql.replace('(starts_at <= now())', 'true')],
    ['slugs that only drafts hold', 'slugs', (sql: string) => sql.replace(/WHERE[^]*$/, '')],
    [
      'texts that were withdrawn',
      'articles',
      (sql: string) =>
        sql
          .replace(/\bON r\.id = a\.live_revision_id\b|\(r\.id = a\.live_revision_id\)/, '(r.article_id = a.id)')
          .replace(/WHERE a\.live_revision_id IS NOT NULL/, 'WHERE a.status IS NOT NULL'),
    ],
  ])('%s', { timeout: 120_000 }, async (_what, view, broken) => {
    const [{ sql }] = await world.dataSource.query<[{ sql: string }]>(`select rtrim(pg_get_viewdef($1::regclass), ';') as sql`, [
      `pub.${view}`,
    ]);
    expect(broken(sql)).not.toBe(sql);
    const define = (definition: string): Promise<unknown> =>
      world.dataSource.query(`create or replace view pub.${view} with (security_barrier) as ${definition}`);
    await define(broken(sql));
    try {
      const crawl = new Crawl(true);
      const some = [...canaries.filter((_canary, index) => index % 10 === 0), ...polls.slice(0, 3), ...ads.slice(0, 2)];
      await crawl.everything(some).catch((end: unknown) => {
        if (!(end instanceof FoundOne)) throw end;
      });
      expect(crawl.found.size > 0 ? [...crawl.found] : await distinguishable()).not.toEqual([]);
    } finally {
      await define(sql);
    }
  });
});
