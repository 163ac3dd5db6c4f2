import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import sharp from 'sharp';
import { SYSTEM } from '../src/access/access.js';
import type { ActResult } from '../src/articles/drafting.service.js';
import { WorkflowService } from '../src/articles/workflow.service.js';
import { Waker } from '../src/jobs/waker.js';
import { Storage } from '../src/media/storage.js';
import { anAd, anArticle, anAuthor, anEditor, aDraft, type TestEditor } from './factories.js';
import { aPicture, aPdf, uploaded, upload } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';

const DESK = '/api/v1/desk/media';

// Each picture is a process or two: a busy machine takes its time.
vi.setConfig({ testTimeout: 90_000 });

let world: TestApp;
let chief: TestEditor;
let contributor: TestEditor;
let other: TestEditor;

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  contributor = await anEditor(world, 'contributor');
  other = await anEditor(world, 'contributor');
});
afterAll(() => world.close());

const render = (): Promise<void> => world.app.get(Waker).run('media renditions');
const sweep = (): Promise<void> => world.app.get(Waker).run('media leftovers');
const filesOf = (id: number): string[] => {
  const folder = world.app.get(Storage).folderOf(id);
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
};

/** A draft that shows it; written down by hand, beside the articles' own acts. */
async function aDraftWith(mediaId: number, title = 'مقال'): Promise<ActResult> {
  const draft = await aDraft(world, { title });
  await world.dataSource.query(
    `insert into revision_media (revision_id, media_id, place) select head_revision_id, $2, 'figure' from articles where id = $1`,
    [draft.id, mediaId],
  );
  return draft;
}

async function anArticleWith(mediaId: number, title?: string): Promise<ActResult> {
  const draft = await aDraftWith(mediaId, title);
  return world.tx((tx) => world.app.get(WorkflowService).publish(tx, SYSTEM, draft));
}

it('takes a picture in, makes its renditions, and gives the whole object each time', async () => {
  const { status, body } = await upload(world, contributor, await aPicture({ width: 1_000, height: 500 }), 'محطة.jpg');
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(Number) as number,
    version: 1,
    kind: 'picture',
    state: 'due',
    fileName: 'محطة.jpg',
    width: 1_000,
    height: 500,
    alt: {},
    credit: {},
    focalPoint: { x: 0.5, y: 0.5 },
    renditions: [],
    bytes: expect.any(Number) as number,
    failure: null,
    createdBy: { id: contributor.id, name: 'محرر contributor' },
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    usedBy: { articles: [], authors: [], ads: [], hidden: 0 },
  });
  await render();
  const { body: ready } = await world.as(contributor).get(`${DESK}/${body.id}`).expect(200);
  expect(ready).toMatchObject({ state: 'ready', version: 1 });
  expect(
    (ready.renditions as { name: string; width: number; height: number }[]).map(({ name, width, height }) => [name, width, height]),
  ).toEqual([
    ['320.avif', 320, 160],
    ['640.avif', 640, 320],
    ['960.avif', 960, 480],
    ['1000.avif', 1_000, 500],
    ['320.webp', 320, 160],
    ['640.webp', 640, 320],
    ['960.webp', 960, 480],
    ['1000.webp', 1_000, 500],
  ]);
  for (const { url, name, type } of ready.renditions as { url: string; name: string; type: string }[]) {
    expect(url).toBe(`https://center.example${DESK}/${body.id}/files/${name}`);
    expect((await world.as(contributor).get(new URL(url).pathname).expect(200)).headers['content-type']).toBe(type);
  }
  expect(filesOf(body.id as number)).toEqual(
    [...(ready.renditions as { name: string }[]).map(({ name }) => name), 'original.jpg'].toSorted(),
  );
  const rows = await world.dataSource.query<{ name: string; bytes: number; sha256: Buffer; type: string; width: number }[]>(
    `select name, bytes, sha256, type, width from media_files where media_id = $1`,
    [body.id],
  );
  expect(rows).toHaveLength(9);
  for (const row of rows) {
    const path = join(world.app.get(Storage).folderOf(body.id as number), row.name);
    expect([row.name, (statSync(path).mode & 0o777).toString(8)]).toEqual([row.name, '600']);
    const content = readFileSync(path);
    expect([row.name, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([row.name, row.bytes, row.sha256.toString('hex')]); // prettier-ignore
    const { format, width } = await sharp(content).metadata();
    expect([`image/${format === 'heif' ? 'avif' : format}`, width]).toEqual([row.type, row.width]);
  }
});

it('takes a PDF as it is, and lets it be saved only, never opened', async () => {
  const pdf = aPdf();
  const media = await uploaded(world, chief, pdf, 'تقرير.pdf');
  expect(media).toMatchObject({ kind: 'document', state: 'ready', width: null, height: null, renditions: [], bytes: pdf.length });
  const answer = await world.as(chief).get(`${DESK}/${media.id}/files/document.pdf`).expect(200);
  expect(Buffer.from(answer.body as Buffer).equals(pdf)).toBe(true);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/pdf',
    'content-disposition': `attachment; filename="document-${media.id}.pdf"`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
  });
});

describe('the public', () => {
  it('reaches a picture while a live article shows it, and no longer', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 400 }));
    await render();
    const path = `/media/${id}/320.webp`;
    await world.get(path).expect(404);
    await aDraftWith(id);
    await world.get(path).expect(404);
    const article = await anArticleWith(id);
    const { headers, body } = await world.get(path).expect(200);
    expect(headers).toMatchObject({
      'content-type': 'image/webp',
      'content-length': String((body as Buffer).length),
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
      etag: expect.stringMatching(/^"[\w+/]{24}"$/) as string,
    });
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['content-disposition']).toBeUndefined();
    await world.get(`${path}?utm_source=x`).expect(200);
    const known = await world.get(path).set('if-none-match', headers['etag']!).expect(304);
    expect([known.text, known.headers['etag']]).toEqual(['', headers['etag']]);
    const head = await world.app.inject({ method: 'HEAD', url: path });
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', headers['content-length']]);
    // What is kept of the upload is nobody's to see.
    for (const name of ['original.jpg', '1.webp', '..%2f320.webp', '320.webp%00', 'upload.part'])
      expect([name, [400, 404].includes((await world.get(`/media/${id}/${name}`)).status)]).toEqual([name, true]);
    await world.as(chief).post(`/api/v1/desk/articles/${article.id}/withdraw`, { version: article.version, reason: 'سبب.' }).expect(200);
    await world.get(path).expect(404);
  });

  it('reaches a portrait once something of its author is published', async () => {
    const { id } = await uploaded(world, chief, await aPicture({ width: 300 }));
    await render();
    const author = await anAuthor(world);
    await world.dataSource.query(`update authors set portrait_id = $2 where id = $1`, [author.id, id]);
    await world.get(`/media/${id}/300.avif`).expect(404);
    await anArticle(world, { byline: [{ authorId: author.id }] });
    await world.get(`/media/${id}/300.avif`).expect(200);
  });
});

describe('the desk', () => {
  it('shows contributors their own and what readers see, the others everything; what one may not see is not there', async () => {
    const mine = await uploaded(world, contributor, await aPicture());
    const live = await uploaded(world, other, await aPicture());
    const hidden = await uploaded(world, other, await aPicture());
    await render();
    await anArticleWith(live.id);
    const seen = async (editor: TestEditor, path = ''): Promise<number[]> => {
      const { body } = await world.as(editor).get(`${DESK}?limit=100${path}`).expect(200);
      return (body.items as { id: number }[]).map(({ id }) => id).filter((id) => [mine.id, live.id, hidden.id].includes(id));
    };
    expect(await seen(contributor)).toEqual([live.id, mine.id]);
    expect(await seen(contributor, '&mine=true')).toEqual([mine.id]);
    expect(await seen(chief)).toEqual([hidden.id, live.id, mine.id]);
    expect(await seen(chief, '&kind=document')).toEqual([]);
    await world.as(contributor).get(`${DESK}/${hidden.id}`).expect(404);
    await world.as(contributor).get(`${DESK}/${hidden.id}/files/200.webp`).expect(404);
    await world.as(contributor).get(`${DESK}/${live.id}/files/200.webp`).expect(200);
    await world.as(chief).get(`${DESK}/${hidden.id}/files/200.webp`).expect(200);
    const change = { alt: { ar: 'وصف' }, version: 1 };
    await world.as(contributor).patch(`${DESK}/${hidden.id}`, change).expect(404);
    await world.as(contributor).patch(`${DESK}/${live.id}`, change).expect(403);
    await world.as(contributor).delete(`${DESK}/${live.id}`).expect(403);
    await world.as(contributor).delete(`${DESK}/${hidden.id}`).expect(404);
  });

  it('lets a contributor say what their own picture shows, until readers see it: then those who approve say it', async () => {
    const { id } = await uploaded(world, contributor, await aPicture());
    await render();
    await aDraftWith(id);
    await world
      .as(contributor)
      .patch(`${DESK}/${id}`, { alt: { ar: 'وصف' }, version: 1 })
      .expect(200);
    await anArticleWith(id);
    for (const said of [{ alt: { ar: 'غيره' } }, { credit: { ar: 'غيره' } }, { focalPoint: { x: 0, y: 0 } }]) {
      const { status, body } = await world.as(contributor).patch(`${DESK}/${id}`, { ...said, version: 2 });
      expect([status, body.code]).toEqual([403, 'not_allowed']);
    }
    await world
      .as(chief)
      .patch(`${DESK}/${id}`, { alt: { ar: 'غيره' }, version: 2 })
      .expect(200);
  });

  it('is searched by file name, alternative text and credit, in pages', async () => {
    const name = `بحث-${Date.now()}`;
    const ids: number[] = [];
    for (let n = 0; n < 3; n += 1) ids.unshift((await uploaded(world, chief, await aPicture(), `${name}-${n}.png`)).id);
    const first = await world
      .as(chief)
      .get(`${DESK}?limit=2&q=${encodeURIComponent(name)}`)
      .expect(200);
    const second = await world
      .as(chief)
      .get(`${DESK}?limit=2&q=${encodeURIComponent(name)}&cursor=${first.body.nextCursor}`)
      .expect(200);
    expect([...first.body.items, ...second.body.items].map(({ id }: { id: number }) => id)).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
  });

  it('says of a picture what an editor says, from the version they saw, and writes it down', async () => {
    const { id } = await uploaded(world, chief, await aPicture());
    const said = { alt: { ar: ' محطة  حافلات ', en: 'A station' }, credit: { ar: 'تصوير: سلمى' }, focalPoint: { x: 0.25, y: 1 } };
    const { body } = await world
      .as(chief)
      .patch(`${DESK}/${id}`, { ...said, version: 1 })
      .expect(200);
    expect(body).toMatchObject({
      version: 2,
      alt: { ar: 'محطة حافلات', en: 'A station' },
      credit: said.credit,
      focalPoint: said.focalPoint,
    });
    const stale = await world.as(chief).patch(`${DESK}/${id}`, { alt: {}, version: 1 }).expect(409);
    expect(stale.body).toMatchObject({ code: 'stale_version', version: 2 });
    const bad = await world
      .as(chief)
      .patch(`${DESK}/${id}`, { focalPoint: { x: 2, y: '0' }, version: 2 })
      .expect(400);
    expect((bad.body.errors as { field: string }[]).map(({ field }) => field)).toEqual(['focalPoint.x', 'focalPoint.y']);
    const log = await world.dataSource.query<{ act: string; after: object }[]>(
      `select act, after from audit_log where object_type = 'media' and object_id = $1 order by id`,
      [id],
    );
    expect(log).toEqual([
      { act: 'media.upload', after: { fileName: 'picture.jpg', type: 'image/jpeg', bytes: expect.any(Number) as number } },
      { act: 'media.change', after: { alt: body.alt, credit: body.credit, focalPoint: body.focalPoint } },
    ]);
  });

  it('tells what uses it, as far as the editor may see that', async () => {
    const { id } = await uploaded(world, contributor, await aPicture());
    await render();
    const [draft, live] = [await aDraftWith(id, 'مسودة'), await anArticleWith(id, 'منشور')];
    const author = await anAuthor(world);
    await world.dataSource.query(`update authors set portrait_id = $2 where id = $1`, [author.id, id]);
    const authors = [{ id: author.id, name: { ar: 'كاتبة مثال', en: 'A. Writer' } }];
    const uses = async (editor: TestEditor): Promise<unknown> =>
      (await world.as(editor).get(`${DESK}/${id}`).expect(200)).body.usedBy as unknown;
    const ads = [{ id: (await anAd(world, { pictureId: id })).id, advertiser: 'دار الكتب' }];
    expect(await uses(chief)).toEqual({ articles: [{ id: draft.id, title: 'مسودة' }, { id: live.id, title: 'منشور' }], authors, ads, hidden: 0 }); // prettier-ignore
    expect(await uses(contributor)).toEqual({ articles: [{ id: live.id, title: 'منشور' }], authors, ads: [], hidden: 1 });
  });

  it('removes what nothing uses: at once from sight, and its files with the next sweep', async () => {
    const { id } = await uploaded(world, contributor, await aPicture());
    await render();
    await aDraftWith(id);
    expect((await world.as(contributor).delete(`${DESK}/${id}`).expect(409)).body).toMatchObject({ code: 'in_use' });
    await world.dataSource.query(`delete from revision_media where media_id = $1`, [id]);
    await world.as(contributor).delete(`${DESK}/${id}`).expect(204);
    await world.as(contributor).get(`${DESK}/${id}`).expect(404);
    expect(filesOf(id)).not.toEqual([]);
    await sweep();
    expect(filesOf(id)).toEqual([]);
    expect(await world.dataSource.query(`select 1 from media where id = $1`, [id])).toEqual([]);
  });
});

describe('what a crash leaves', () => {
  it('of an upload is swept when its lease is over, and not before', async () => {
    const storage = world.app.get(Storage);
    const [{ id }] = await world.dataSource.query<[{ id: number }]>(
      `insert into media (kind, file_name, due_at) values ('picture', 'x', now() + interval '20 s') returning id`,
    );
    await storage.begin(id);
    await storage.write(id, 'upload.part', [Buffer.from('half')]);
    await sweep();
    expect(filesOf(id)).toEqual(['upload.part']);
    await world.dataSource.query(`update media set due_at = now() where id = $1`, [id]);
    await sweep();
    expect([filesOf(id), await world.dataSource.query(`select 1 from media where id = $1`, [id])]).toEqual([[], []]);
  });

  it('of renditions is made anew, and leaves nothing half-made', async () => {
    const { id } = await uploaded(world, chief, await aPicture());
    const storage = world.app.get(Storage);
    await storage.write(id, 'making-1.part', [Buffer.from('half')]);
    await storage.write(id, '200.webp', [Buffer.from('half')]);
    await render();
    expect(filesOf(id)).toEqual(['200.avif', '200.webp', 'original.jpg']);
    expect((await sharp(join(storage.folderOf(id), '200.webp')).metadata()).width).toBe(200);
  });

  it('is given up after five tries, and its editor told why', async () => {
    const { id } = await uploaded(world, chief, await aPicture());
    const storage = world.app.get(Storage);
    await storage.removeFile(id, 'original.jpg');
    await storage.write(id, 'original.jpg', [Buffer.from('no picture any more')]);
    for (let n = 0; n < 5; n += 1) {
      await world.dataSource.query(`update media set due_at = now() where id = $1`, [id]);
      await render();
    }
    const { body } = await world.as(chief).get(`${DESK}/${id}`).expect(200);
    expect([body.state, body.failure, body.renditions]).toEqual(['failed', 'unreadable', []]);
  });
});
