import { Waker } from '../src/jobs/waker.js';
import { aDraft, aPicture, aSection, anArticle, anAuthor, anEditor, type TestEditor } from './factories.js';
import { aPdf, aPicture as pictureFile, uploaded } from './pictures.js';
import { startTestApp, type TestApp } from './test-app.js';

// Pictures in texts and beside names: what a revision says of them is all of it, and nobody sees one before something public shows it.

const DESK = '/api/v1/desk';
const ORIGIN = 'https://center.example';

let world: TestApp;
let chief: TestEditor;
let contributor: TestEditor;
let section: { id: number };

beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
  contributor = await anEditor(world, 'contributor');
  section = await aSection(world);
});
afterAll(() => world.close());

async function text(more: object = {}): Promise<object> {
  const author = await anAuthor(world);
  return { lang: 'ar', title: 'مقال بصور', summary: 'خلاصة.', body: '<p>متن.</p>', sectionId: section.id, authorIds: [author.id], ...more };
}

/** What a body stores of a picture of 1000 × 500. */
function figure(id: number, { alt = '', caption = '' } = {}): string {
  const source = (format: string): string =>
    `<source type="image/${format}" srcset="${[320, 640, 960, 1000].map((width) => `/media/${id}/${width}.${format} ${width}w`).join(', ')}" sizes="auto, (min-width: 42rem) 42rem, 100vw">`;
  return (
    `<figure data-media="${id}"><picture>${source('avif')}${source('webp')}` +
    `<img src="/media/${id}/960.webp" alt="${alt}" width="1000" height="500" loading="lazy"></picture>${caption && `<figcaption>${caption}</figcaption>`}</figure>`
  );
}

/** What readers get of a picture of 1000 × 500. */
function picture(id: number, { alt = '', credit = null as string | null, x = 0.5, y = 0.5 } = {}): object {
  const renditions = ['avif', 'webp'].flatMap((format) =>
    [320, 640, 960, 1000].map((width) => ({
      url: `${ORIGIN}/media/${id}/${width}.${format}`,
      type: `image/${format}`,
      width,
      height: width / 2,
    })),
  );
  return { id, url: `${ORIGIN}/media/${id}/960.webp`, width: 1000, height: 500, alt, credit, focalPoint: { x, y }, renditions };
}

const used = (revision: string): Promise<{ media_id: number; place: string }[]> =>
  world.dataSource.query(
    `select media_id, place from revision_media u join revisions r on r.id = u.revision_id where r.article_id || '/' || r.number = $1 order by 1, 2`,
    [revision],
  );

describe('a text with pictures', () => {
  it('says everything of them itself, and shows them once it is public', async () => {
    const cover = await aPicture(world, { alt: { ar: 'جسر', en: 'A bridge' }, credit: { en: 'By A. Person' }, focal: [0.25, 0.75] });
    const shown = await aPicture(world, { alt: { en: 'A river' }, credit: { ar: 'تصوير: فلانة' } });
    const document = await aPicture(world, { kind: 'document' });
    const body = `<p>قبل <a data-media="${document.id}">التقرير</a></p><figure data-media="${shown.id}"><figcaption>النهر</figcaption></figure><img data-media="${shown.id}" alt="نهر">`;
    const { body: draft } = await world
      .as(chief)
      .post(`${DESK}/articles`, await text({ body, coverId: cover.id }))
      .expect(201);
    const credit = '<small data-credit="" lang="ar" dir="rtl">تصوير: فلانة</small>';
    const stored = [
      `<p>قبل <a data-media="${document.id}" href="/media/${document.id}/document.pdf">التقرير</a></p>`,
      figure(shown.id, { alt: 'A river', caption: `النهر ${credit}` }),
      figure(shown.id, { alt: 'نهر', caption: credit }),
    ].join('\n');
    expect([draft.body, draft.coverId, draft.words]).toEqual([stored, cover.id, 3]);
    expect(await used(`${draft.id}/1`)).toEqual([
      { media_id: cover.id, place: 'cover' },
      { media_id: shown.id, place: 'figure' },
      { media_id: document.id, place: 'link' },
    ]);

    const { body: live } = await world.as(chief).post(`${DESK}/articles/${draft.id}/publish`, { version: draft.version }).expect(200);
    const { body: page } = await world.get(`/api/v1/articles/${draft.id}`).expect(200);
    expect([page.body, page.cover]).toEqual([stored, picture(cover.id, { alt: 'جسر', credit: 'By A. Person', x: 0.25, y: 0.75 })]);
    const { body: english } = await world.get(`/api/v1/articles/${draft.id}?lang=en`).expect(200);
    expect(english.cover.alt).toBe('A bridge');
    const { body: list } = await world.get(`/api/v1/articles?section=${section.id}&limit=1`).expect(200);
    expect(list.items[0].cover).toEqual(page.cover);

    // The stored body is a source too, and gives itself again.
    const { body: again } = await world
      .as(chief)
      .patch(`${DESK}/articles/${draft.id}`, { version: live.version, body: stored })
      .expect(200);
    expect([again.body, again.coverId, again.revision]).toEqual([stored, cover.id, 2]);
  });

  it('a revision without them uses them no more; an earlier one that is restored does again', async () => {
    const [cover, shown] = [await aPicture(world), await aPicture(world)];
    const body = `<p>متن</p><img data-media="${shown.id}">`;
    const { body: first } = await world
      .as(chief)
      .post(`${DESK}/articles`, await text({ body, coverId: cover.id }))
      .expect(201);
    const { body: published } = await world.as(chief).post(`${DESK}/articles/${first.id}/publish`, { version: first.version }).expect(200);
    const { body: bare } = await world
      .as(chief)
      .patch(`${DESK}/articles/${first.id}`, { version: published.version, body: '<p>متن آخر</p>', coverId: null })
      .expect(200);
    expect([bare.coverId, await used(`${first.id}/2`)]).toEqual([null, []]);
    const { body: old } = await world.as(chief).get(`${DESK}/articles/${first.id}/revisions/1`).expect(200);
    expect([old.coverId, old.body]).toEqual([cover.id, `<p>متن</p>\n${figure(shown.id)}`]);
    const { body: restored } = await world
      .as(chief)
      .post(`${DESK}/articles/${first.id}/revisions/1/restore`, { version: bare.version })
      .expect(200);
    expect([restored.coverId, restored.body]).toEqual([cover.id, old.body]);
    expect(await used(`${first.id}/3`)).toEqual([
      { media_id: cover.id, place: 'cover' },
      { media_id: shown.id, place: 'figure' },
    ]);
  });

  it('PUT without a cover takes it away, PATCH keeps it', async () => {
    const cover = await aPicture(world);
    const whole = await text({ coverId: cover.id });
    const { body: draft } = await world.as(chief).post(`${DESK}/articles`, whole).expect(201);
    const { body: patched } = await world
      .as(chief)
      .patch(`${DESK}/articles/${draft.id}`, { version: draft.version, title: 'عنوان آخر' })
      .expect(200);
    expect(patched.coverId).toBe(cover.id);
    const { body: put } = await world
      .as(chief)
      .put(`${DESK}/articles/${draft.id}`, { ...whole, coverId: undefined, version: patched.version })
      .expect(200);
    expect([put.coverId, await used(`${draft.id}/1`)]).toEqual([null, []]);
  });

  it('eight saves at once with different covers leave one of them, and one row for it', async () => {
    const { body: draft } = await world
      .as(chief)
      .post(`${DESK}/articles`, await text())
      .expect(201);
    const covers = await Promise.all(Array.from({ length: 8 }, () => aPicture(world)));
    const answers = await Promise.all(
      covers.map(({ id }) => world.as(chief).patch(`${DESK}/articles/${draft.id}`, { version: draft.version, coverId: id })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    const saved = answers.find(({ status }) => status === 200)!.body;
    expect(await used(`${draft.id}/1`)).toEqual([{ media_id: saved.coverId, place: 'cover' }]);
  });
});

describe('what may be used', () => {
  const refused = async (editor: TestEditor, more: object): Promise<unknown> => {
    const answer = await world.as(editor).post(`${DESK}/articles`, await text(more));
    return [answer.status, answer.body.code, answer.body.errors?.map(({ field }: { field: string }) => field)];
  };

  it.each(['arriving', 'failed', 'removed'])('not a picture that is %s', async (state) => {
    const { id } = await aPicture(world, { state });
    expect(await refused(chief, { coverId: id })).toEqual([422, 'unknown_reference', ['coverId']]);
    expect(await refused(chief, { body: `<p>متن</p><img data-media="${id}">` })).toEqual([422, 'unknown_reference', ['body']]);
  });

  it.each([
    ['a number nobody has', 'coverId', async () => ({ coverId: 2_000_000_000 })],
    ['a document as a cover', 'coverId', async () => ({ coverId: (await aPicture(world, { kind: 'document' })).id })],
    ['a number nobody has in the body', 'body', async () => ({ body: '<p>متن</p><figure data-media="2000000000"></figure>' })],
    ['a number that none can be', 'body', async () => ({ body: '<p>متن</p><img data-media="99999999999999999999">' })],
    [
      'a document as a figure',
      'body',
      async () => ({ body: `<p>متن</p><img data-media="${(await aPicture(world, { kind: 'document' })).id}">` }),
    ],
    ['a link to a picture', 'body', async () => ({ body: `<p><a data-media="${(await aPicture(world)).id}">متن</a></p>` })],
  ])('not %s', async (_what, field, more) => {
    expect(await refused(chief, await more())).toEqual([422, 'unknown_reference', [field]]);
  });

  it('a contributor uses what is his own, not another’s; a chief uses all', async () => {
    const [his, other] = [await aPicture(world, { createdBy: contributor.id }), await aPicture(world, { createdBy: chief.id })];
    await world
      .as(contributor)
      .post(`${DESK}/articles`, await text({ coverId: his.id }))
      .expect(201);
    expect(await refused(contributor, { coverId: other.id })).toEqual([422, 'unknown_reference', ['coverId']]);
    expect(await refused(contributor, { body: `<p>متن</p><img data-media="${other.id}">` })).toEqual([422, 'unknown_reference', ['body']]);
    await world
      .as(chief)
      .post(`${DESK}/articles`, await text({ coverId: his.id }))
      .expect(201);
  });

  it('what a chief put into a contributor’s text does not keep him from writing on, in that text alone', async () => {
    const [cover, shown] = [await aPicture(world, { createdBy: chief.id }), await aPicture(world, { createdBy: chief.id })];
    const { body: draft } = await world
      .as(contributor)
      .post(`${DESK}/articles`, await text())
      .expect(201);
    const { body: helped } = await world
      .as(chief)
      .patch(`${DESK}/articles/${draft.id}`, {
        version: draft.version,
        coverId: cover.id,
        body: `<p>متن</p><img data-media="${shown.id}">`,
      })
      .expect(200);
    const { body: on } = await world
      .as(contributor)
      .patch(`${DESK}/articles/${draft.id}`, { version: helped.version, title: 'عنوانه', body: `<p>متنه</p>${helped.body}` })
      .expect(200);
    expect([on.coverId, on.body]).toEqual([cover.id, `<p>متنه</p>\n<p>متن</p>\n${figure(shown.id)}`]);
    expect(await refused(contributor, { coverId: cover.id })).toEqual([422, 'unknown_reference', ['coverId']]);
  });

  it('a picture removed at the moment of a save: one of the two comes too late', async () => {
    const { id } = await aPicture(world);
    const { body: draft } = await world
      .as(chief)
      .post(`${DESK}/articles`, await text())
      .expect(201);
    // As removal goes: the row is taken, and only then asked who uses it.
    const remover = world.dataSource.createQueryRunner();
    await remover.startTransaction();
    await remover.query(`select from media where id = $1 for update`, [id]);
    const save = world
      .as(chief)
      .patch(`${DESK}/articles/${draft.id}`, { version: draft.version, coverId: id })
      .then(({ status, body }) => [status, body.code]);
    await waiting(1);
    await remover.query(`update media set state = 'removed' where id = $1`, [id]);
    await remover.commitTransaction();
    await remover.release();
    expect(await save).toEqual([422, 'unknown_reference']);
    expect(await used(`${draft.id}/1`)).toEqual([]);
  });
});

/** Until so many transactions wait for a lock. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    const [{ n }] = await world.dataSource.query<[{ n: number }]>(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (n >= count) return;
  }
}

describe('publication', () => {
  it('waits for the pictures: publishing and scheduling are refused while one is not ready', async () => {
    const [cover, shown] = [await aPicture(world, { state: 'due' }), await aPicture(world, { state: 'due' })];
    const draft = await aDraft(world, { coverId: cover.id, body: `<p>متن</p><img data-media="${shown.id}">` });
    const path = `${DESK}/articles/${draft.id}`;
    const unready = (field: string): object => ({
      field,
      rule: 'picture_not_ready',
      message: 'صورة لم تجهز بعد. أعد المحاولة بعد قليل، أو استبدلها إن تعذّر تجهيزها.',
    });
    const { body: refused } = await world.as(chief).post(`${path}/publish`, { version: draft.version }).expect(422);
    expect([refused.code, refused.errors]).toEqual(['not_publishable', [unready('body'), unready('coverId')]]);
    await world.dataSource.query(`update media set state = 'ready' where id = $1`, [cover.id]);
    await world.dataSource.query(`update articles set state = 'approved' where id = $1`, [draft.id]);
    const { body: late } = await world
      .as(chief)
      .post(`${path}/schedule`, { version: draft.version, at: '2999-01-01T00:00:00Z' })
      .expect(422);
    expect([late.code, late.errors]).toEqual(['not_publishable', [unready('body')]]);
    await world.dataSource.query(`update media set state = 'ready' where id = $1`, [shown.id]);
    await world.as(chief).post(`${path}/publish`, { version: draft.version }).expect(200);
  });

  it('what is said of a picture moves the content clock where it is shown, and nowhere else', async () => {
    const clock = async (): Promise<string> =>
      (await world.dataSource.query<[{ at: string }]>(`select changed_at::text as at from pub.clock`))[0].at;
    const [hidden, shown] = [await aPicture(world), await aPicture(world)];
    await aDraft(world, { coverId: hidden.id });
    const { id } = await anArticle(world, { coverId: shown.id });
    const before = await clock();
    await world.dataSource.query(`update media set alt = '{"ar": "سر"}' where id = $1`, [hidden.id]);
    expect(await clock()).toBe(before);
    await world.dataSource.query(`update media set alt = '{"ar": "معلن"}' where id = $1`, [shown.id]);
    expect(await clock()).not.toBe(before);
    const { body } = await world.get(`/api/v1/articles/${id}`).expect(200);
    expect(body.cover).toEqual(picture(shown.id, { alt: 'معلن' }));
  });
});

describe('portraits', () => {
  it('belong to the author, at the desk, in lists, bylines and profiles; the log says who gave one', async () => {
    const portrait = await aPicture(world, { alt: { ar: 'سمر' }, credit: { ar: 'استوديو' } });
    const { body: author } = await world
      .as(chief)
      .post(`${DESK}/authors`, { name: { ar: 'سمر الحاج' }, portraitId: portrait.id })
      .expect(201);
    expect(author.portraitId).toBe(portrait.id);
    await world.get(`/api/v1/authors/${encodeURIComponent(author.slug)}`).expect(404);

    const { id } = await anArticle(world, { byline: [{ authorId: author.id }] });
    const seen = picture(portrait.id, { alt: 'سمر', credit: 'استوديو' });
    const { body: profile } = await world.get(`/api/v1/authors/${encodeURIComponent(author.slug)}`).expect(200);
    expect(profile.portrait).toEqual(seen);
    const { body: authors } = await world.get('/api/v1/authors?limit=100').expect(200);
    expect(authors.items.find((item: { id: number }) => item.id === author.id)).toEqual(profile);
    const { body: page } = await world.get(`/api/v1/articles/${id}`).expect(200);
    expect(page.byline).toEqual([{ id: author.id, slug: author.slug, name: 'سمر الحاج', role: null, portrait: seen }]);

    const { body: kept } = await world
      .as(chief)
      .patch(`${DESK}/authors/${author.id}`, { version: 1, affiliation: { ar: 'وحدة' } })
      .expect(200);
    expect(kept.portraitId).toBe(portrait.id);
    const { body: gone } = await world
      .as(chief)
      .put(`${DESK}/authors/${author.id}`, { version: 2, name: { ar: 'سمر الحاج' } })
      .expect(200);
    expect(gone.portraitId).toBeNull();
    expect((await world.get(`/api/v1/articles/${id}`).expect(200)).body.byline[0].portrait).toBeNull();
    const log = await world.dataSource.query<{ act: string; before: { portraitId?: number }; after: { portraitId?: number } }[]>(
      `select act, before, after from audit_log where object_type = 'author' and object_id = $1 order by id`,
      [author.id],
    );
    expect(log.map(({ act, before, after }) => [act, before?.portraitId, after?.portraitId])).toEqual([
      ['authors.create', undefined, portrait.id],
      ['authors.change', undefined, undefined],
      ['authors.change', portrait.id, null],
    ]);
  });

  it.each([
    ['a number nobody has', async () => 2_000_000_000],
    ['a document', async () => (await aPicture(world, { kind: 'document' })).id],
    ['one that failed', async () => (await aPicture(world, { state: 'failed' })).id],
  ])('cannot be %s', async (_what, portraitId) => {
    const answer = await world.as(chief).post(`${DESK}/authors`, { name: { ar: 'سمر' }, portraitId: await portraitId() });
    expect([answer.status, answer.body.code, answer.body.errors[0].field]).toEqual([422, 'unknown_reference', 'portraitId']);
  });

  it('are seen once they are ready', async () => {
    const portrait = await aPicture(world, { state: 'due' });
    const { id } = await anAuthor(world, { portraitId: portrait.id });
    const article = await anArticle(world, { byline: [{ authorId: id }] });
    const shown = async (): Promise<unknown> => (await world.get(`/api/v1/articles/${article.id}`).expect(200)).body.byline[0].portrait;
    expect(await shown()).toBeNull();
  });
});

describe('files', () => {
  /** Uploaded by a chief, and ready. */
  async function taken(count: number): Promise<number[]> {
    const ids: number[] = [];
    for (let n = 0; n < count; n += 1) ids.push((await uploaded(world, chief, await pictureFile())).id);
    await world.app.get(Waker).run('media renditions');
    return ids;
  }

  /** What a reader gets, who knows every name. */
  const statusOf = async (id: number, name = '200.webp'): Promise<number> =>
    (await world.app.inject({ method: 'GET', url: `/media/${id}/${name}` })).statusCode;
  const statuses = (ids: readonly number[]): Promise<number[]> => Promise.all(ids.map((id) => statusOf(id)));
  const act = async (id: number, name: string, more: object = {}): Promise<void> => {
    const { body } = await world.as(chief).get(`${DESK}/articles/${id}`).expect(200);
    await world
      .as(chief)
      .post(`${DESK}/articles/${id}/${name}`, { version: body.version, ...more })
      .expect(200);
  };

  it('are public while the revision that readers see uses them, and at no other time', async () => {
    const [cover, shown, later, unused] = (await taken(4)) as [number, number, number, number];
    const paper = (await uploaded(world, chief, aPdf(), 'تقرير.pdf')).id;
    await world.app.get(Waker).run('media renditions');
    const all = [cover, shown, later, unused];
    const body = `<p><a data-media="${paper}">التقرير</a></p><img data-media="${shown}">`;
    const { body: draft } = await world
      .as(chief)
      .post(`${DESK}/articles`, await text({ body, coverId: cover }))
      .expect(201);
    expect([await statuses(all), await statusOf(paper, 'document.pdf')]).toEqual([[404, 404, 404, 404], 404]);

    await act(draft.id, 'publish');
    expect([await statuses(all), await statusOf(paper, 'document.pdf')]).toEqual([[200, 200, 404, 404], 200]);
    expect(await statusOf(cover, 'original.jpg')).toBe(404);

    const { body: live } = await world.as(chief).get(`${DESK}/articles/${draft.id}`).expect(200);
    await world
      .as(chief)
      .patch(`${DESK}/articles/${draft.id}`, { version: live.version, body: `<p>متن</p><img data-media="${later}">` })
      .expect(200);
    expect(await statuses(all)).toEqual([200, 200, 404, 404]);

    await act(draft.id, 'correct', { note: 'صورة أخرى.' });
    expect([await statuses(all), await statusOf(paper, 'document.pdf')]).toEqual([[200, 404, 200, 404], 404]);

    await act(draft.id, 'retract', { reason: 'نتائج خاطئة.' });
    expect(await statuses(all)).toEqual([200, 404, 200, 404]);

    await act(draft.id, 'withdraw', { reason: 'طلب قضائي.' });
    expect(await statuses(all)).toEqual([404, 404, 404, 404]);
  });

  it('of a portrait are public while something of its author is listed', async () => {
    const [portrait] = (await taken(1)) as [number];
    const { body: author } = await world
      .as(chief)
      .post(`${DESK}/authors`, { name: { ar: 'سمر' }, portraitId: portrait })
      .expect(201);
    const { body: draft } = await world
      .as(chief)
      .post(`${DESK}/articles`, await text({ authorIds: [author.id] }))
      .expect(201);
    expect(await statusOf(portrait)).toBe(404);
    await act(draft.id, 'publish');
    expect(await statusOf(portrait)).toBe(200);
    await act(draft.id, 'withdraw', { reason: 'طلب قضائي.' });
    expect(await statusOf(portrait)).toBe(404);
  });

  it('that are live may be used by a contributor too, and by nobody removed', async () => {
    const [shown, hidden] = (await taken(2)) as [number, number];
    await anArticle(world, { coverId: shown });
    await world
      .as(contributor)
      .post(`${DESK}/articles`, await text({ coverId: shown }))
      .expect(201);
    await world
      .as(contributor)
      .post(`${DESK}/articles`, await text({ coverId: hidden }))
      .expect(422);
    await world.as(chief).delete(`${DESK}/media/${shown}`).expect(409);
    await world.as(chief).delete(`${DESK}/media/${hidden}`).expect(204);
  });

  it('removed at the moment of a save, many times: used and kept, or refused and gone', { timeout: 60_000 }, async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const { id } = await aPicture(world);
      const whole = await text({ coverId: id });
      const [save, removal] = await Promise.all([
        world.as(chief).post(`${DESK}/articles`, whole),
        world.as(chief).delete(`${DESK}/media/${id}`),
      ]);
      const [{ state, uses }] = await world.dataSource.query<[{ state: string; uses: number }]>(
        `select state, (select count(*)::int from revision_media u where u.media_id = m.id) as uses from media m where id = $1`,
        [id],
      );
      outcomes.add(`save ${save.status}, removal ${removal.status}: ${state}, used ${uses}`);
    }
    for (const outcome of outcomes)
      expect(['save 201, removal 409: ready, used 1', 'save 422, removal 204: removed, used 0']).toContain(outcome);
  });
});

describe('the page', () => {
  it('shows cover and portrait from its own host, with their words, and lets no other be loaded', async () => {
    const cover = await aPicture(world, { alt: { ar: 'جسر "قديم"' }, credit: { ar: 'تصوير: فلان' } });
    const portrait = await aPicture(world, { width: 200, height: 200 });
    const { id: authorId } = await anAuthor(world, { name: { ar: 'سمر' }, portraitId: portrait.id });
    const shown = await aPicture(world);
    const { id, slug } = await anArticle(world, {
      coverId: cover.id,
      byline: [{ authorId }],
      body: `<p>متن</p><img data-media="${shown.id}">`,
    });
    const { body, headers } = await world.app.inject({ method: 'GET', url: `/articles/${id}/${encodeURIComponent(slug)}` });
    expect(headers['content-security-policy']).toContain("img-src 'self';");
    expect(body.match(/<meta property="og:image[^>]*>/g)).toEqual([
      `<meta property="og:image" content="${ORIGIN}/media/${cover.id}/960.webp"/>`,
      '<meta property="og:image:alt" content="جسر &quot;قديم&quot;"/>',
      '<meta property="og:image:width" content="960"/>',
      '<meta property="og:image:height" content="480"/>',
    ]);
    expect(body.match(/<img[^>]*>/g)).toEqual([
      `<img src="/media/${portrait.id}/200.webp" alt width="64" height="64"/>`,
      `<img src="/media/${cover.id}/960.webp" alt="جسر &quot;قديم&quot;" width="1000" height="500"/>`,
      `<img src="/media/${shown.id}/960.webp" alt="" width="1000" height="500" loading="lazy">`,
    ]);
    expect(body.match(/srcset="\/media\/\d+\/320\.\w+ 320w/g)).toHaveLength(4);
    expect(body.match(/<figcaption>.*?<\/figcaption>/g)).toEqual(['<figcaption><small dir="auto">تصوير: فلان</small></figcaption>']);
  });
});
