import type { LightMyRequestResponse } from 'fastify';
import { Waker } from '../src/jobs/waker.js';
import { aDraft, anArticle, anAuthor, anEditor, aSection, aSeries, type TestEditor } from './factories.js';
import { aPdf, aPicture as aPictureFile, uploaded } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What somebody outside is shown before it is public. */

const ORIGIN = 'https://center.example';
const DESK = '/api/v1/desk/articles';
const TOKEN = /^https:\/\/center\.example\/previews\/([\w-]{43})$/;
const DAY_MS = 86_400_000;

interface Link {
  readonly id: number;
  readonly url: string;
  readonly expiresAt: string;
}

let world: TestApp;
let chief: TestEditor;
let sectionId: number;
let authorId: number;

beforeAll(async () => {
  world = await startTestApp();
  await world.dataSource.query(`update center set name = '{"ar": "مركز مثال", "en": "Example Center"}', zone = 'Africa/Cairo'`);
  chief = await anEditor(world, 'chief');
  sectionId = (await aSection(world)).id;
  authorId = (await anAuthor(world, { name: { ar: 'ليلى عبد الله', en: 'Layla Abdallah' } })).id;
});
afterAll(() => world.close());

const aText = (text: Parameters<typeof aDraft>[1] = {}): Promise<{ id: number; slug: string }> =>
  aDraft(world, { sectionId, byline: [{ authorId }], title: 'النقل في المدن', body: '<p>المتن الأول.</p>', ...text });

/** A draft of the chief's own, which he may save into for ten minutes. */
async function aDraftOfHis(): Promise<{ id: number; version: number }> {
  const text = { lang: 'ar', title: 'النقل في المدن', summary: 'خلاصة.', body: '<p>المتن الأول.</p>', sectionId, authorIds: [authorId] };
  return (await world.as(chief).post(DESK, text).expect(201)).body as { id: number; version: number };
}

async function offer(id: number, body: object = {}): Promise<Link & { token: string }> {
  const link = (await world.as(chief).post(`${DESK}/${id}/preview-links`, body).expect(201)).body as Link;
  return { ...link, token: TOKEN.exec(link.url)![1]! };
}
const open = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET'): Promise<LightMyRequestResponse> =>
  world.app.inject({ method, url, headers });
const shown = async (token: string): Promise<{ body: string; revision: number }> =>
  (await world.get(`/api/v1/previews/${token}`).expect(200)).body as { body: string; revision: number };
async function act(id: number, name: string, body: object = {}): Promise<void> {
  const { version } = (await world.as(chief).get(`${DESK}/${id}`)).body as { version: number };
  await world.as(chief)[name === 'save' ? 'patch' : 'post'](name === 'save' ? `${DESK}/${id}` : `${DESK}/${id}/${name}`, { version, ...body }).expect(200); // prettier-ignore
}

/** Both doors of a link. */
const DOORS = ['/previews/', '/api/v1/previews/'] as const;
async function statuses(token: string): Promise<number[]> {
  return Promise.all(DOORS.map(async (door) => (await open(door + token)).statusCode));
}

describe('A preview link', () => {
  it('is made for a week, shows the newest revision, and tells its address this once', async () => {
    const { id } = await aText();
    const { body } = await world.as(chief).post(`${DESK}/${id}/preview-links`, { note: 'للمراجع الخارجي' }).expect(201);
    expect(body).toEqual({
      id: expect.any(Number),
      url: expect.stringMatching(TOKEN),
      revision: 1,
      note: 'للمراجع الخارجي',
      createdBy: { id: chief.id, name: 'محرر chief' },
      createdAt: expect.stringMatching(/Z$/),
      expiresAt: expect.stringMatching(/Z$/),
      revokedAt: null,
      openedAt: null,
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(7 * DAY_MS);
    const { url, ...rest } = body;
    const { body: list } = await world.as(chief).get(`${DESK}/${id}/preview-links`).expect(200);
    expect(list).toEqual({ items: [rest], nextCursor: null });
    // The database could not tell it either.
    const [{ kept }] = await world.dataSource.query<[{ kept: string }]>(`select to_json(l)::text as kept from preview_links l where id = $1`, [body.id]); // prettier-ignore
    expect(kept).not.toContain(TOKEN.exec(url as string)![1]);
    const [line] = (await world.as(chief).get(`/api/v1/desk/audit?object=article&objectId=${id}&limit=1`).expect(200)).body.items;
    expect([line.act, line.after]).toEqual(['articles.preview', { link: body.id, revision: 1, expiresAt: body.expiresAt }]);
  });

  it('lasts as long as it was asked to, up to thirty days', async () => {
    const { id } = await aText();
    const in20 = new Date(Date.now() + 20 * DAY_MS);
    in20.setUTCMilliseconds(0);
    expect((await offer(id, { expiresAt: in20.toISOString() })).expiresAt).toBe(in20.toISOString().replace('.000', ''));
    for (const wrong of [-1, 31]) {
      const expiresAt = new Date(Date.now() + wrong * DAY_MS).toISOString();
      const { body } = await world.as(chief).post(`${DESK}/${id}/preview-links`, { expiresAt }).expect(422);
      expect([body.code, body.errors[0].field]).toEqual(['preview_period', 'expiresAt']);
    }
    for (const junk of [{ expiresAt: 'غدًا' }, { revision: 0 }, { note: 'س'.repeat(201) }, { url: 'x' }, { token: 'x' }])
      await world.as(chief).post(`${DESK}/${id}/preview-links`, junk).expect(400);
    const { body } = await world.as(chief).post(`${DESK}/${id}/preview-links`, { revision: 2 }).expect(422);
    expect([body.code, body.errors[0].field]).toEqual(['unknown_reference', 'revision']);
  });

  it('shows what was given out, whatever is saved after: the next save is a new revision', async () => {
    const { id } = await aDraftOfHis();
    await act(id, 'save', { body: '<p>المتن الثاني.</p>' });
    // Until now his saves went into one revision.
    const { token } = await offer(id);
    await act(id, 'save', { body: '<p>سرّ لم يُعطَ لأحد.</p>', title: 'عنوان آخر' });
    expect(await shown(token)).toMatchObject({ revision: 1, title: 'النقل في المدن', body: '<p>المتن الثاني.</p>' });
    const second = await offer(id);
    expect(await shown(second.token)).toMatchObject({ revision: 2, title: 'عنوان آخر' });
    expect(await shown((await offer(id, { revision: 1 })).token)).toMatchObject({ revision: 1 });
  });

  it('and a save at the same moment never mix: what is shown stays as it was first seen', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { id, version } = await aDraftOfHis();
      const [link, save] = await Promise.all([
        offer(id, { revision: 1 }),
        world.as(chief).patch(`${DESK}/${id}`, { version, body: '<p>المتن الثاني.</p>' }),
      ]);
      expect(save.status).toBe(200);
      const { body } = await shown(link.token);
      expect(body).toBe(save.body.revision === 1 ? '<p>المتن الثاني.</p>' : '<p>المتن الأول.</p>');
      await act(id, 'save', { body: '<p>المتن الثالث.</p>' });
      expect((await shown(link.token)).body).toBe(body);
    }
  });

  it('is one of twenty open ones at the most, however many are asked for at once', async () => {
    const { id } = await aText();
    for (let n = 0; n < 17; n += 1) await offer(id);
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.as(chief).post(`${DESK}/${id}/preview-links`, {})));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 409, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 409)!.body.code).toBe('too_many_previews');
    const { body } = await world.as(chief).get(`${DESK}/${id}/preview-links?limit=15`).expect(200);
    expect(body.items).toHaveLength(15);
    const next = await world.as(chief).get(`${DESK}/${id}/preview-links?limit=15&cursor=${body.nextCursor}`).expect(200);
    const ids = [...body.items, ...next.body.items].map((link: Link) => link.id);
    expect([ids.length, next.body.nextCursor]).toEqual([20, null]);
    expect(ids).toEqual(ids.toSorted((a: number, b: number) => b - a));
    await world.as(chief).delete(`${DESK}/${id}/preview-links/${ids[0]}`).expect(204);
    await offer(id);
  });
});

describe('What a link shows', () => {
  it('is the piece in the public shape, as it would be', async () => {
    const series = await aSeries(world, 'ملف لم يُعلن');
    const { id, slug } = await aText({
      kicker: 'مدن',
      publishedAt: new Date('2023-09-18T16:42:00Z'),
      series: { id: series.id },
      byline: [{ authorId, role: 'مراجعة' }],
    });
    const { token } = await offer(id);
    const { body: preview } = await world.get(`/api/v1/previews/${token}?lang=en`).expect(200);
    await act(id, 'publish');
    const { body: published } = await world.get(`/api/v1/articles/${id}?lang=en`).expect(200);
    expect(preview.series).toBeNull();
    expect(preview).toEqual({ ...published, series: null });
    expect([preview.url, preview.status, preview.dateline]).toEqual([
      `${ORIGIN}/articles/${id}/${encodeURIComponent(slug)}`,
      'published',
      'الإثنين 18/سبتمبر/2023 - 07:42 م',
    ]);
  });

  it('may lack what a draft lacks', async () => {
    const { id } = await aText({ summary: null, byline: [] });
    const { body } = await world.get(`/api/v1/previews/${(await offer(id)).token}`).expect(200);
    expect([body.summary, body.byline, body.status]).toEqual(['', [], 'published']);
  });

  it('tells nothing of drafts beside it', async () => {
    const { id } = await aText();
    await world.as(chief).post(DESK, { lang: 'en', title: 'Hidden version', body: '<p>x</p>', sectionId, authorIds: [authorId], translationOf: id }).expect(201); // prettier-ignore
    const author = await anAuthor(world, { name: { ar: 'كاتب جديد' }, bio: { ar: 'سيرة سرية' }, affiliation: { ar: 'جهة سرية' } });
    await act(id, 'save', { authorIds: [author.id] });
    await act(id, 'submit');
    await act(id, 'return', { comment: 'ملاحظة سرية' });
    const { token } = await offer(id, { note: 'مذكرة سرية' });
    for (const door of DOORS) {
      const { body, headers } = await open(door + token);
      expect(`${body}${JSON.stringify(headers)}`).not.toMatch(/Hidden version|سرية/);
      expect(body).toContain('كاتب جديد');
    }
    expect((await world.get(`/api/v1/previews/${token}`)).body.translations).toEqual([]);
  });

  it('is a page under a banner that says what it is, without ways to pass it on', async () => {
    const { id } = await aText({ title: 'النقل <العام>' });
    const { token, expiresAt } = await offer(id);
    const page = await open(`/previews/${token}?utm_source=x`);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<html lang="ar" dir="rtl">');
    expect(page.body).toContain('<h2>معاينة — لم تُنشر</h2><p>الصيغة 1. ينتهي هذا الرابط في ');
    expect(page.body).toContain(`${new Date(expiresAt).getUTCFullYear()}`);
    expect(page.body).toContain('<h1>النقل &lt;العام></h1>');
    expect(page.body).toContain('<div class="text" lang="ar" dir="rtl"><p>المتن الأول.</p></div>');
    expect(page.body).toContain('<meta name="robots" content="noindex"/>');
    expect(page.body).not.toMatch(/rel="canonical"|class="sharing"|<form|\/send|<script/);
    const english = await open(`/previews/${token}?lang=en`);
    expect(english.body).toContain('<h2>Preview — not published</h2><p>Revision 1. This link ends on ');
    expect(english.body).toContain('Layla Abdallah');
    await act(id, 'publish');
    expect((await open(`/previews/${token}`)).body).toContain('<h2>معاينة — هذه الصيغة منشورة</h2>');
  });

  it('is kept, listed and passed on by nobody, refusals included', async () => {
    const { id } = await aText();
    const { token } = await offer(id);
    for (const url of DOORS.flatMap((door) => [door + token, door + 'A'.repeat(43), `${door}x`])) {
      for (const method of ['GET', 'HEAD'] as const) {
        const { headers } = await open(url, { cookie: 'markaz=x; sv=y', origin: 'https://evil.example' }, method);
        expect([url, headers]).toEqual([
          url,
          expect.objectContaining({
            'cache-control': 'private, no-store',
            'x-robots-tag': 'noindex, nofollow, noarchive',
            'referrer-policy': 'no-referrer',
          }),
        ]);
        for (const name of ['set-cookie', 'etag', 'last-modified', 'access-control-allow-origin', 'location'])
          expect([url, name, headers[name]]).toEqual([url, name, undefined]);
      }
    }
    // In no list, and in nothing that readers see of the piece once it is public.
    await act(id, 'publish');
    const slug = (await world.get(`/api/v1/articles/${id}`)).body.slug as string;
    for (const url of [
      `/api/v1/articles/${id}`,
      '/api/v1/articles?limit=100',
      `/articles/${id}/${encodeURIComponent(slug)}`,
      '/openapi.json',
    ])
      expect((await open(url)).body).not.toMatch(new RegExp(`${token}|/previews/[\\w-]{43}`));
  });

  it('refuses a parameter it does not know at the API alone, and no other method', async () => {
    const { token } = await offer((await aText()).id);
    expect((await open(`/api/v1/previews/${token}?r=1`)).statusCode).toBe(400);
    expect((await open(`/previews/${token}?r=1&lang=xx`)).statusCode).toBe(200);
    for (const door of DOORS)
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'] as const)
        expect([method, (await world.app.inject({ method, url: door + token })).statusCode]).toEqual([method, 404]);
  });
});

describe('Pictures and documents of a preview', () => {
  it('are fetched below the link, and only those that its revision shows', async () => {
    const file = await aPictureFile({ width: 640, height: 400 });
    const [cover, figure, portrait, foreign] = [await uploaded(world, chief, file), await uploaded(world, chief, file), await uploaded(world, chief, file), await uploaded(world, chief, file)]; // prettier-ignore
    const document = await uploaded(world, chief, aPdf(), 'report.pdf');
    await world.app.get(Waker).run('media renditions');
    const author = await anAuthor(world, { name: { ar: 'كاتبة لم تُعلن' }, portraitId: portrait.id });
    const text = {
      lang: 'ar',
      title: 'مصوّرة',
      body: `<p>انظر <a data-media="${document.id}">التقرير</a></p><figure data-media="${figure.id}"></figure>`,
      coverId: cover.id,
      sectionId,
      authorIds: [author.id],
    };
    const { id, version } = (await world.as(chief).post(DESK, text).expect(201)).body as { id: number; version: number };
    const { token } = await offer(id);
    // A later revision shows another picture; the link does not.
    await world
      .as(chief)
      .patch(`${DESK}/${id}`, { version, body: `<figure data-media="${foreign.id}"></figure>` })
      .expect(200);

    const { body } = await world.get(`/api/v1/previews/${token}`).expect(200);
    const base = `${ORIGIN}/previews/${token}/media`;
    expect(body.cover.url).toBe(`${base}/${cover.id}/640.webp`);
    expect(body.cover.renditions[0].url).toBe(`${base}/${cover.id}/320.avif`);
    expect(body.byline[0].portrait.url).toBe(`${base}/${portrait.id}/640.webp`);
    const page = (await open(`/previews/${token}`)).body;
    for (const html of [body.body, page]) {
      expect(html).toContain(`src="/previews/${token}/media/${figure.id}/640.webp"`);
      expect(html).toContain(`href="/previews/${token}/media/${document.id}/document.pdf"`);
      expect(html).not.toMatch(/[" ](?:https:\/\/center\.example)?\/media\//);
    }
    expect(page).not.toContain('og:image');

    const below = (media: number, name: string, key = token): Promise<LightMyRequestResponse> =>
      open(`/previews/${key}/media/${media}/${name}`);
    for (const [media, name, type] of [
      [cover.id, '640.webp', 'image/webp'],
      [figure.id, '320.avif', 'image/avif'],
      [portrait.id, '320.webp', 'image/webp'],
      [document.id, 'document.pdf', 'application/pdf'],
    ] as const) {
      const answer = await below(media, name);
      expect([answer.statusCode, answer.headers]).toEqual([
        200,
        expect.objectContaining({
          'content-type': type,
          'cache-control': 'private, no-store',
          'x-robots-tag': 'noindex, nofollow, noarchive',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'content-security-policy': "sandbox; default-src 'none'",
        }),
      ]);
      // The public has none of them.
      expect((await open(`/media/${media}/${name}`)).statusCode).toBe(404);
    }
    for (const [media, name] of [
      [foreign.id, '640.webp'],
      [cover.id, 'original.jpg'],
      [cover.id, '641.webp'],
      [999_999, '640.webp'],
      [cover.id, '..%2f..%2f640.webp'],
    ] as const)
      // prettier-ignore
      expect([media, name, (await below(media, name)).statusCode]).toEqual([media, name, 404]);
    for (const key of ['A'.repeat(43), (await offer((await aText()).id)).token])
      expect((await below(cover.id, '640.webp', key)).statusCode).toBe(404);
    const link = (await world.as(chief).get(`${DESK}/${id}/preview-links`)).body.items[0] as Link;
    await world.as(chief).delete(`${DESK}/${id}/preview-links/${link.id}`).expect(204);
    const gone = await below(cover.id, '640.webp');
    expect([gone.statusCode, gone.headers['cache-control'], gone.headers['x-robots-tag']]).toEqual([404, 'private, no-store', 'noindex, nofollow, noarchive']); // prettier-ignore
  }, 60_000);

  it('are those of the author whom a merged one was merged into, as the byline shows them', async () => {
    const file = await aPictureFile({ width: 640, height: 400 });
    const [hidden, shownNow] = [await uploaded(world, chief, file), await uploaded(world, chief, file)];
    await world.app.get(Waker).run('media renditions');
    const merged = await anAuthor(world, { name: { ar: 'هدى سالم' }, portraitId: hidden.id });
    const target = await anAuthor(world, { name: { ar: 'هدى م. سالم' }, portraitId: shownNow.id });
    const { token } = await offer((await aText({ byline: [{ authorId: merged.id }] })).id);
    const below = async (media: number): Promise<number> => (await open(`/previews/${token}/media/${media}/640.webp`)).statusCode;
    expect([await below(hidden.id), await below(shownNow.id)]).toEqual([200, 404]);

    await world.as(chief).post(`/api/v1/desk/authors/${merged.id}/merge`, { into: target.id, version: 1 }).expect(200);
    const { body } = await world.get(`/api/v1/previews/${token}`).expect(200);
    expect(body.byline[0].portrait.url).toBe(`${ORIGIN}/previews/${token}/media/${shownNow.id}/640.webp`);
    expect([await below(hidden.id), await below(shownNow.id)]).toEqual([404, 200]);
  }, 60_000);
});

describe('A link that is past', () => {
  it('is answered like one that never was, in every case the same', async () => {
    const { id } = await aText();
    const [expired, revoked] = [await offer(id), await offer(id)];
    await world.dataSource.query(`update preview_links set created_at = now() - interval '2 days', expires_at = now() - interval '1 s' where id = $1`, [expired.id]); // prettier-ignore
    await world.as(chief).delete(`${DESK}/${id}/preview-links/${revoked.id}`).expect(204);
    const tokens = [expired.token, revoked.token, 'A'.repeat(43), 'A', 'A'.repeat(44), `${expired.token.slice(0, 42)}%C3%A9`, '..'];
    for (const door of DOORS) {
      const answers = await Promise.all(tokens.map((token) => open(door + token)));
      const told = answers.slice(0, 6).map(({ statusCode, headers, body }) => {
        const { date: _, ...kept } = headers;
        return [statusCode, kept, body.replace(/urn:uuid:[\da-f-]{36}/, '')];
      });
      expect(new Set(told.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(told[0]![0]).toBe(404);
      // `..` leads out of the door: from the page's to the front page.
      expect(answers.at(-1)!.statusCode).toBe(door.startsWith('/api') ? 404 : 200);
    }
    const { body } = await world.as(chief).get(`${DESK}/${id}/preview-links`).expect(200);
    expect(body.items.map((link: { id: number; revokedAt: string | null }) => [link.id, link.revokedAt !== null])).toEqual([
      [revoked.id, true],
      [expired.id, false],
    ]);
  });

  it('was taken back once: a second time changes nothing, and leaves no second line', async () => {
    const { id } = await aText();
    const link = await offer(id);
    const remove = (article: number): Promise<{ status: number }> => world.as(chief).delete(`${DESK}/${article}/preview-links/${link.id}`);
    expect((await remove((await aText()).id)).status).toBe(404);
    expect(await statuses(link.token)).toEqual([200, 200]);
    for (let n = 0; n < 2; n += 1) expect((await remove(id)).status).toBe(204);
    const { body } = await world.as(chief).get(`/api/v1/desk/audit?object=article&objectId=${id}`).expect(200);
    expect(body.items.map(({ act: name }: { act: string }) => name)).toEqual([
      'articles.revoke_preview',
      'articles.preview',
      'articles.create',
    ]);
  });

  it('went with its piece when that was withdrawn, and no new one leads round', async () => {
    const { id } = await anArticle(world, { sectionId, byline: [{ authorId }] });
    const link = await offer(id);
    expect(await statuses(link.token)).toEqual([200, 200]);
    await act(id, 'withdraw', { reason: 'أمر قضائي.' });
    expect(await statuses(link.token)).toEqual([404, 404]);
    const { body } = await world.as(chief).post(`${DESK}/${id}/preview-links`, {}).expect(409);
    expect([body.code, body.errors[0].rule]).toEqual(['wrong_state', 'withdrawn']);
    const list = await world.as(chief).get(`${DESK}/${id}/preview-links`).expect(200);
    expect(list.body.items[0].revokedAt).toEqual(expect.stringMatching(/Z$/));
  });

  it('was opened at a moment that is kept: the first, and nothing of who or how often', async () => {
    const { id } = await aText();
    const { token, id: linkId } = await offer(id);
    const row = async (): Promise<{ opened: string | null }> =>
      (await world.dataSource.query<[{ opened: string | null }]>(`select to_json(l)::text as opened from preview_links l where id = $1`, [linkId]))[0]; // prettier-ignore
    const before = await row();
    await open(`/previews/${token}`);
    const after = await row();
    expect(after).not.toEqual(before);
    await open(`/api/v1/previews/${token}`, { referer: 'https://mail.example/', 'user-agent': 'x' });
    expect(await row()).toEqual(after);
  });
});
