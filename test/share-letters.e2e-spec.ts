import { createHash } from 'node:crypto';
import { MailRoom } from '../src/mail/mail-room.service.js';
import { Pieces, type Piece } from '../src/send-to-friend/pieces.service.js';
import { aDraft, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** What can be sent to a friend, how the letters look, and the links that need no server. */

let world: TestApp;
let admin: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  admin = await anEditor(world, 'admin');
});
afterAll(() => world.close());

const ORIGIN = 'https://center.example';
const piece = (id: number): Promise<Piece | null> => world.app.get(Pieces).find(world.dataSource.manager, id);

async function act(id: number, kind: 'retract' | 'withdraw' | 'correct'): Promise<void> {
  const [row] = await world.dataSource.query<[{ version: number }]>(`select version from articles where id = $1`, [id]);
  const body = kind === 'correct' ? { note: 'صُحّح رقم.' } : { reason: 'خطأ في المصدر.' };
  await world
    .as(admin)
    .post(`/api/v1/desk/articles/${id}/${kind}`, { ...body, version: row.version })
    .expect(200);
}

describe('a piece that can be sent', () => {
  it('is what readers can see, with names and the address of its present revision', async () => {
    const first = await anAuthor(world, { name: { ar: 'ليلى', en: 'Layla' } });
    const second = await anAuthor(world, { name: { ar: 'سالم' } });
    const { id } = await anArticle(world, {
      title: 'المياه والحدود',
      slug: 'المياه-والحدود',
      summary: 'قراءة.',
      byline: [{ authorId: first.id }, { authorId: second.id }],
      publishedAt: '2026-01-31T10:00:00Z',
    });
    const shown = {
      id,
      lang: 'ar',
      dir: 'rtl',
      title: 'المياه والحدود',
      byline: ['ليلى', 'سالم'],
      dateline: 'السبت 31/يناير/2026 - 12:00 م',
      summary: 'قراءة.',
      status: 'published',
      href: `${ORIGIN}/articles/${id}/${encodeURIComponent('المياه-والحدود')}?r=1`,
    };
    expect(await piece(id)).toEqual(shown);
    await act(id, 'retract');
    expect(await piece(id)).toMatchObject({ title: 'مسحوبة: المياه والحدود', status: 'retracted' });
  });

  it('is no draft, nothing withdrawn and nothing that is not there', async () => {
    const draft = await aDraft(world);
    const withdrawn = await anArticle(world);
    await act(withdrawn.id, 'withdraw');
    for (const id of [draft.id, withdrawn.id, 2_000_000_000]) expect(await piece(id)).toBeNull();
  });
});

describe('the head of a letter', () => {
  it('has name, color and postal address in its language, or the center’s', async () => {
    const head = (lang: 'ar' | 'en' | 'fr'): Promise<unknown> => world.tx((tx) => world.app.get(MailRoom).letterhead(tx, lang));
    expect(await head('en')).toEqual({ name: 'Center', origin: ORIGIN, color: '#0b5c56', postal: null });
    await world.dataSource.query(`update center set color = '#123456', contact = '{"address": {"ar": "القاهرة", "en": "Cairo"}}'`);
    expect(await head('en')).toEqual({ name: 'Center', origin: ORIGIN, color: '#123456', postal: 'Cairo' });
    expect(await head('fr')).toEqual({ name: 'Centre', origin: ORIGIN, color: '#123456', postal: 'القاهرة' });
    await world.dataSource.query(`update center set color = default, contact = '{}'`);
  });
});

describe('the links to pass a piece on', () => {
  it('are told whole, with validators, and whether the center mails it itself', async () => {
    const { id } = await anArticle(world, { lang: 'en', title: 'Water & peace', slug: 'water-and-peace' });
    const url = `${ORIGIN}/articles/${id}/water-and-peace`;
    const address = encodeURIComponent(url);
    const body = {
      title: 'Water & peace',
      text: 'Water & peace\n',
      url,
      lang: 'en',
      dir: 'ltr',
      mailto: `mailto:?subject=Water%20%26%20peace&body=Water%20%26%20peace%0D%0A${address}%0D%0A`,
      whatsapp: `https://wa.me/?text=Water%20%26%20peace%0A${address}`,
      telegram: `https://t.me/share/url?url=${address}&text=Water%20%26%20peace`,
      x: `https://x.com/intent/post?text=Water%20%26%20peace%0A&url=${address}`,
      facebook: `https://www.facebook.com/sharer/sharer.php?u=${address}`,
      mail: true,
    };
    for (const path of [`${id}`, 'water-and-peace']) {
      for (const query of ['', '?lang=ar', '?lang=fr']) {
        const answer = await world.get(`/api/v1/articles/${path}/share-links${query}`).expect(200);
        expect(answer.body).toEqual(body);
        expect(answer.headers).toMatchObject({
          'cache-control': 'public, max-age=0, must-revalidate',
          'content-type': 'application/json; charset=utf-8',
        });
        expect(answer.headers['etag']).toBe(`"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 27)}"`);
        await world.get(`/api/v1/articles/${path}/share-links${query}`).set('If-None-Match', answer.headers['etag']!).expect(304);
      }
    }
    await world.dataSource.query(`update center set mail_sharing = false`);
    expect((await world.get(`/api/v1/articles/${id}/share-links`).expect(200)).body).toEqual({ ...body, mail: false });
    await world.dataSource.query(`update center set mail_sharing = true`);
  });

  it('move, are gone and are missing as the piece itself is, and take nothing else', async () => {
    const { id } = await anArticle(world, { slug: 'اسم-أول' });
    const [row] = await world.dataSource.query<[{ version: number }]>(`select version from articles where id = $1`, [id]);
    const { body } = await world.as(admin).patch(`/api/v1/desk/articles/${id}`, { slug: 'اسم-ثان', version: row.version }).expect(200);
    await world.as(admin).post(`/api/v1/desk/articles/${id}/publish`, { version: body.version }).expect(200);
    for (const slug of ['اسم-أول', 'إسم-ثان']) {
      const { headers } = await world.get(`/api/v1/articles/${encodeURIComponent(slug)}/share-links?lang=en`).expect(301);
      expect(headers['location']).toBe(`${ORIGIN}/api/v1/articles/${encodeURIComponent('اسم-ثان')}/share-links?lang=en`);
    }
    await world.get(`/api/v1/articles/${id}/share-links`).expect(200);
    await act(id, 'withdraw');
    for (const path of [`${id}`, encodeURIComponent('اسم-أول')]) {
      const own = await world.get(`/api/v1/articles/${path}?lang=en`).expect(410);
      const links = await world.get(`/api/v1/articles/${path}/share-links?lang=en`).expect(410);
      expect(links.body).toEqual({ ...own.body, instance: links.body.instance });
    }
    const draft = await aDraft(world);
    for (const path of [`${draft.id}`, '2000000', 'nowhere'])
      expect((await world.get(`/api/v1/articles/${path}/share-links`).expect(404)).body).toMatchObject({ code: 'not_found' });
    for (const query of ['utm_source=x', 'lang=de'])
      expect((await world.get(`/api/v1/articles/nowhere/share-links?${query}`).expect(400)).body.code).toMatch(/_parameter$/);
  });
});

describe('the preview of a letter', () => {
  const preview = (query = ''): ReturnType<TestApp['get']> => world.as(admin).get(`/api/v1/desk/mail/preview${query}`);

  it('shows the newest piece, or the one asked for, with names that are nobody’s, and is never cached', async () => {
    const older = await anArticle(world, { lang: 'en', title: 'An older piece', publishedAt: '2026-02-01T10:00:00Z' });
    const { id } = await anArticle(world, { title: 'أحدث مادة', publishedAt: '2026-09-01T10:00:00Z' });
    await world.dataSource.query(`update articles set published_at = now() where id = $1`, [id]);
    await world.dataSource.query(`update listings set published_at = now() where article_id = $1`, [id]);
    const { body, headers } = await preview('?lang=ar').expect(200);
    expect(headers['cache-control']).toBe('private, no-store');
    expect(Object.keys(body)).toEqual(['kind', 'lang', 'dir', 'subject', 'html', 'text']);
    expect(body).toMatchObject({ kind: 'share', lang: 'ar', dir: 'rtl', subject: 'مادة أُرسلت إليك: أحدث مادة' });
    expect(body.text).toContain('باسم «\u2068اسم المرسل\u2069»');
    expect(body.html).toContain('<bdi>اسم المرسل</bdi>');
    const english = (await preview(`?kind=share&lang=en&articleId=${older.id}`).expect(200)).body;
    expect(english).toMatchObject({ kind: 'share', lang: 'en', dir: 'ltr', subject: 'A piece sent to you: An older piece' });
    expect(english.text).toContain('“\u2068Sender’s name\u2069”');
    expect((await preview('?kind=share_confirmation&lang=fr').expect(200)).body).toMatchObject({
      kind: 'share_confirmation',
      lang: 'fr',
      dir: 'ltr',
      subject: 'Confirmez votre adresse auprès de Centre',
    });
    expect((await preview().expect(200)).body).toEqual(body);
  });

  it('shows nothing that readers cannot see, takes nothing it does not know, and queues nothing', async () => {
    const draft = await aDraft(world);
    for (const id of [draft.id, 2_000_000])
      expect((await preview(`?articleId=${id}`).expect(404)).body).toMatchObject({ code: 'not_found' });
    for (const query of ['?kind=reset', '?lang=de', '?articleId=0', '?articleId=x', '?to=a@b.example'])
      expect([query, (await preview(query).expect(400)).body.errors.length]).toEqual([query, 1]);
    const [{ count }] = await world.dataSource.query<[{ count: string }]>(`select count(*) from mail_outbox`);
    expect(count).toBe('0');
    for (const role of ['chief', 'section_editor', 'contributor'] as const)
      await world
        .as(await anEditor(world, role))
        .get('/api/v1/desk/mail/preview')
        .expect(403);
    await world.as(null).get('/api/v1/desk/mail/preview').expect(401);
  });

  it('has links that are tokens of nobody', async () => {
    const { body } = await preview('?kind=share_confirmation&lang=en').expect(200);
    const [optOut = ''] = body.text.match(/https:\S+\/mail\/opt-out\/\S+/) as string[];
    expect(optOut).toBe(`${ORIGIN}/mail/opt-out/${'0'.repeat(22)}`);
  });

  it('is a 404 where nothing is public', async () => {
    const empty = await startTestApp();
    try {
      await empty
        .as(await anEditor(empty, 'admin'))
        .get('/api/v1/desk/mail/preview')
        .expect(404);
    } finally {
      await empty.close();
    }
  });
});
