import { createHash } from 'node:crypto';
import { ACTS, ROLES, mayEver, type Act, type Role } from '../src/access/policy.js';
import { NEVER_BY_TOKEN, SCOPES, SCOPE_ACTS, actsOf, type Scope } from '../src/access/scopes.js';
import { isApiToken, newApiToken } from '../src/accounts/tokens.js';
import { SessionsService } from '../src/accounts/sessions.service.js';
import type { Letter } from '../src/mail/mail-room.service.js';
import { anEnrolled, enrol } from './authenticator.js';
import { PASSWORD, aDraft, aPicture, anAd, aSection, anArticle, anAuthor, anEditor, withPassword, type TestEditor } from './factories.js';
import { watchOutbox } from './outbox.js';
import { aPdf, uploaded } from './pictures.js';
import { named, startWithRoutes, type Route } from './routes.js';
import type { TestApp } from './test-app.js';

const TOKENS = '/api/v1/desk/tokens';

let world: TestApp;
let routes: readonly Route[];
let posted: Letter[];

beforeAll(async () => {
  ({ world, routes } = await startWithRoutes());
});
afterAll(() => world.close());
beforeEach(async () => {
  posted = watchOutbox();
  await world.dataSource.query('delete from rate_buckets');
});
afterEach(() => void vi.restoreAllMocks());

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

interface Made {
  readonly id: string;
  readonly token: string;
}

/** @param editor without a second factor, or with the code in `more` */
async function make(editor: TestEditor, scopes: readonly Scope[], more: object = {}): Promise<Made> {
  await withPassword(world, editor);
  const answer = await world
    .as(editor)
    .post(TOKENS, { name: 'نقل الأرشيف', scopes, expiresAt: inDays(30), password: PASSWORD, ...more })
    .expect(201);
  return answer.body as Made;
}

/** Every scope that has something for the role. */
const allOf = (role: Role): Scope[] => SCOPES.filter((scope) => SCOPE_ACTS[scope].some((act) => mayEver(role, act)));

const status = async ({ token }: { readonly token: string }, path = '/api/v1/desk/articles'): Promise<number> =>
  (await world.as({ token }).get(path)).status;

describe('a token', () => {
  it('is shown once, to its owner, who hears of it by mail; the database has its hash alone', async () => {
    const editor = await withPassword(world, await anEditor(world, 'chief'));
    const expiresAt = inDays(30);
    const body = { name: 'نقل الأرشيف', scopes: ['articles:read', 'articles:write'], expiresAt };
    const answer = await world.as(editor).post(TOKENS, { ...body, password: PASSWORD });
    expect([answer.status, answer.headers['cache-control']]).toEqual([201, 'private, no-store']);
    const shown = {
      id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      ...body,
      createdAt: expect.any(String) as string,
      lastUsedAt: null,
    };
    expect(answer.body).toEqual({ ...shown, token: expect.stringMatching(/^mkz_[\w-]{43}[\da-f]{8}$/) as string });
    expect((await world.as(editor).get(TOKENS)).body).toEqual({ items: [shown] });
    expect((await world.as(await anEditor(world, 'admin')).get(TOKENS)).body).toEqual({ items: [] });
    const { token, id } = answer.body as Made;
    const rows = JSON.stringify([
      await world.dataSource.query('select t.*, encode(token_hash, $$hex$$) as hex from api_tokens t'),
      await world.dataSource.query('select * from audit_log'),
      posted.map(({ mail }) => mail),
    ]);
    expect([rows.includes(token), rows.includes(token.slice(4, 47))]).toEqual([false, false]);
    expect(rows).toContain(createHash('sha256').update(token).digest('hex'));
    expect(posted.map(({ to, mail }) => [to, mail.subject])).toEqual([[editor.email, 'رمز جديد لبرنامج يعمل باسمك']]);
    const [line] = await world.dataSource.query(`select act, after, token from audit_log where editor_id = $1`, [editor.id]);
    expect(line).toEqual({ act: 'editors.make_token', after: { tokenId: id, ...body }, token: null });
  });

  it('acts in its editor’s name, and the log of the audit says through which', async () => {
    const editor = await anEditor(world, 'chief');
    const token = await make(editor, ['taxonomy:write'], { name: 'وسوم' });
    const tag = await world
      .as(token)
      .post('/api/v1/desk/tags', { name: { ar: 'وسم برنامج' } })
      .expect(201);
    const { body } = await world
      .as(editor)
      .get(`/api/v1/desk/audit?object=tag&objectId=${tag.body.id as number}`)
      .expect(200);
    expect((body.items as object[]).map((item) => ({ ...item, after: null }))).toEqual([
      {
        id: expect.any(Number) as number,
        at: expect.any(String) as string,
        editor: { id: editor.id, name: 'محرر chief' },
        token: 'وسوم',
        act: 'tags.create',
        object: { type: 'tag', id: tag.body.id as number },
        before: {},
        after: null,
        requestId: expect.any(String) as string,
      },
    ]);
  });

  it.each([
    [{ name: '' }, 400, 'name line'],
    [{ name: 'x'.repeat(101) }, 400, 'name line'],
    [{ scopes: [] }, 400, 'scopes choices'],
    [{ scopes: ['articles:read', 'articles:read'] }, 400, 'scopes choices'],
    [{ scopes: ['*'] }, 400, 'scopes choices'],
    [{ scopes: ['editors:write'] }, 400, 'scopes choices'],
    [{ scopes: 'articles:read' }, 400, 'scopes choices'],
    [{ scopes: undefined }, 400, 'scopes required'],
    [{ expiresAt: undefined }, 400, 'expiresAt required'],
    [{ expiresAt: null }, 400, 'expiresAt required'],
    [{ expiresAt: 'tomorrow' }, 400, 'expiresAt instant'],
    [{ expiresAt: inDays(-1) }, 422, 'expiresAt token_expiry'],
    [{ expiresAt: inDays(366.01) }, 422, 'expiresAt token_expiry'],
    [{ expiresAt: '9999-12-31T23:59:59Z' }, 422, 'expiresAt token_expiry'],
    [{ password: undefined }, 400, 'password required'],
    [{ password: 7 }, 400, 'password prose'],
    [{ password: 'not the password' }, 422, 'password right'],
    [{ code: 123456 }, 400, 'code line'],
    [{ token: 'mkz_mine' }, 400, 'token unknown'],
    [{ editorId: 1 }, 400, 'editorId unknown'],
    [{ scopes: ['articles:read', 'audit:read'] }, 422, 'scopes scope_not_allowed'],
  ])('is refused with %j', async (more, refusal, broken) => {
    const editor = await withPassword(world, await anEditor(world, 'section_editor'));
    const body = { name: 'برنامج', scopes: ['articles:read'], expiresAt: inDays(1), password: PASSWORD, ...more };
    const answer = await world.as(editor).post(TOKENS, body);
    const [{ field, rule }] = answer.body.errors as [{ field: string; rule: string }];
    expect([answer.status, `${field} ${rule}`]).toEqual([refusal, broken]);
    expect((await world.as(editor).get(TOKENS)).body).toEqual({ items: [] });
  });

  it('lives 366 days at the most', async () => {
    await make(await anEditor(world, 'contributor'), ['articles:read'], { expiresAt: inDays(365.99) });
  });

  it('is no fifty-first, of eight made at once when there are forty-six', async () => {
    const editor = await withPassword(world, await anEditor(world, 'contributor'));
    await world.dataSource.query(
      `insert into api_tokens (editor_id, name, token_hash, scopes, expires_at)
       select $1::int, 'برنامج', sha256(convert_to($1::int || ' ' || n, 'utf8')), '{articles:read}', now() + interval '1 day' from generate_series(1, 46) n`,
      [editor.id],
    );
    const body = { name: 'برنامج', scopes: ['articles:read'], expiresAt: inDays(1), password: PASSWORD };
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.as(editor).post(TOKENS, body)));
    const refused = answers.filter((answer) => answer.status !== 201).map((answer) => [answer.status, answer.body.code]);
    expect(refused).toEqual(Array.from({ length: 4 }, () => [409, 'too_many_tokens']));
  }, 30_000);

  it('is borne by the header alone, whole', async () => {
    const { token } = await make(await anEditor(world, 'chief'), ['articles:read']);
    const list = async (headers: Record<string, string>): Promise<number> =>
      (await world.app.inject({ url: '/api/v1/desk/articles', headers })).statusCode;
    expect(await list({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await list({ authorization: `bearer ${token}` })).toBe(200);
    expect(await list({ cookie: `__Host-markaz=${token}` })).toBe(401);
    expect(await list({ cookie: `__Host-markaz=${token.slice(4, 47)}` })).toBe(401);
    for (const wrong of [
      token.slice(4),
      token.slice(4, 47),
      `${token}0`,
      token.slice(0, -1),
      `MKZ_${token.slice(4)}`,
      token.replace(/.$/, 'z'),
    ])
      expect([wrong, await list({ authorization: `Bearer ${wrong}` })]).toEqual([wrong, 401]);
    const flipped = `${token.slice(0, 10)}${token[10] === 'a' ? 'b' : 'a'}${token.slice(11)}`;
    expect([isApiToken(token), isApiToken(flipped), isApiToken(newApiToken())]).toEqual([true, false, true]);
    // No query for what cannot be a token.
    const query = vi.spyOn(world.dataSource, 'query');
    expect(await list({ authorization: `Bearer ${flipped}` })).toBe(401);
    expect(query.mock.calls.filter(([sql]) => sql.includes('api_tokens') || sql.includes('from sessions'))).toEqual([]);
  });

  it('asks the database once for each request, and notes its use once a minute', async () => {
    const editor = await anEditor(world, 'chief');
    const { id, token } = await make(editor, ['articles:read']);
    const query = vi.spyOn(world.dataSource, 'query');
    const asked = (): string[] => query.mock.calls.map(([sql]) => sql.trim().split(' ')[0]!).filter((_, index) => query.mock.calls[index]![0].includes('api_tokens')); // prettier-ignore
    for (let n = 0; n < 3; n += 1) expect(await status({ token })).toBe(200);
    expect(asked()).toEqual(['select', 'update', 'select', 'select']);
    await world.dataSource.query(`update api_tokens set used_at = now() - interval '61 seconds' where id = $1`, [id]);
    query.mockClear();
    for (let n = 0; n < 2; n += 1) expect(await status({ token })).toBe(200);
    expect(asked()).toEqual(['select', 'update', 'select']);
    query.mockRestore();
    const [{ lastUsedAt }] = (await world.as(editor).get(TOKENS)).body.items as [{ lastUsedAt: string }];
    expect(Math.abs(Date.now() - Date.parse(lastUsedAt))).toBeLessThan(30_000);
  });

  it('passes from wherever it comes: no other site’s page can have it', async () => {
    const { token } = await make(await anEditor(world, 'chief'), ['taxonomy:write']);
    const answer = await world.app.inject({
      method: 'POST',
      url: '/api/v1/desk/tags',
      headers: { authorization: `Bearer ${token}`, origin: 'https://tool.example', 'sec-fetch-site': 'cross-site' },
      payload: { name: { ar: 'من أداة' } },
    });
    expect(answer.statusCode).toBe(201);
  });
});

describe('making one', () => {
  const body = { name: 'برنامج', scopes: ['articles:read'], expiresAt: inDays(1) };

  it('asks for the password, and for a code where the second factor is on: the token outlives the session', async () => {
    const editor = await anEnrolled(world, 'chief');
    const tries: [object, [number, string | undefined, string | undefined]][] = [
      [{}, [400, 'invalid_body', 'password required']],
      [{ password: 'not the password', code: await editor.authenticator.code() }, [422, 'wrong_password', 'password right']],
      [{ password: PASSWORD }, [422, 'code_required', 'code required']],
      [{ password: PASSWORD, code: await editor.authenticator.wrongCode() }, [422, 'wrong_code', 'code right']],
      [{ password: PASSWORD, code: await editor.authenticator.code() }, [201, undefined, undefined]],
      // Each code once.
      [{ password: PASSWORD, code: editor.recoveryCodes[0] }, [201, undefined, undefined]],
      [{ password: PASSWORD, code: editor.recoveryCodes[0] }, [422, 'wrong_code', 'code right']],
    ];
    for (const [proof, expected] of tries) {
      const answer = await world.as(editor).post(TOKENS, { ...body, ...proof });
      const [broken] = (answer.body.errors ?? []) as { field: string; rule: string }[];
      expect([proof, [answer.status, answer.body.code, broken && `${broken.field} ${broken.rule}`]]).toEqual([proof, expected]);
    }
    expect(((await world.as(editor).get(TOKENS)).body.items as object[]).length).toBe(2);
  });

  it('ends after ten wrong tries, and uses up no code when it is refused for something else', async () => {
    const editor = await anEnrolled(world, 'chief');
    const code = await editor.authenticator.code();
    const late = await world.as(editor).post(TOKENS, { ...body, password: PASSWORD, code, expiresAt: inDays(400) });
    expect([late.status, late.body.errors[0].rule]).toEqual([422, 'token_expiry']);
    await world
      .as(editor)
      .post(TOKENS, { ...body, password: PASSWORD, code })
      .expect(201);
    const codes: string[] = [];
    for (let n = 0; n < 11; n += 1)
      codes.push(
        (await world.as(editor).post(TOKENS, { ...body, password: n % 2 ? PASSWORD : 'not the password', code: 'x' })).body.code as string,
      );
    expect(codes.map((one) => one.replace(/^wrong_.*/, 'wrong'))).toEqual([...Array.from({ length: 10 }, () => 'wrong'), 'too_many_tries']);
  });
});

describe('through a token, pictures', () => {
  /** A picture of another editor's, that a draft, a public article, and an author of whom readers know nothing show. */
  async function shown(): Promise<{ id: number; draft: number; live: number; author: number }> {
    const { id } = await aPicture(world, { createdBy: (await anEditor(world, 'contributor')).id });
    const author = await anAuthor(world);
    await world.dataSource.query(`update authors set portrait_id = $2 where id = $1`, [author.id, id]);
    const [draft, live] = [
      await aDraft(world, { title: 'مسودة سرية', coverId: id }),
      await anArticle(world, { title: 'منشور', coverId: id }),
    ];
    return { id, draft: draft.id, live: live.id, author: author.id };
  }

  it('are those its editor sees, and what uses them as far as its scopes read that', async () => {
    const admin = await anEditor(world, 'admin');
    const { id, draft, live, author } = await shown();
    const path = `/api/v1/desk/media/${id}`;
    const uses = async (...scopes: Scope[]): Promise<unknown> =>
      (await world.as(await make(admin, scopes)).get(path).expect(200)).body.usedBy as unknown; // prettier-ignore
    const published = { id: live, title: 'منشور' };
    const writer = { id: author, name: { ar: 'كاتبة مثال', en: 'A. Writer' } };
    expect(await uses('media:read')).toEqual({ articles: [published], authors: [], ads: [], hidden: 1 });
    expect(await uses('media:read', 'taxonomy:read')).toEqual({ articles: [published], authors: [writer], ads: [], hidden: 1 });
    const all = { articles: [{ id: draft, title: 'مسودة سرية' }, published], hidden: 0 };
    expect(await uses('media:read', 'articles:read')).toEqual({ ...all, authors: [], ads: [] });
    const ad = { id: (await anAd(world, { pictureId: id })).id, advertiser: 'دار الكتب' };
    expect(await uses('media:read', 'ads:read')).toEqual({ articles: [published], authors: [], ads: [ad], hidden: 1 });
    expect((await world.as(admin).get(path)).body.usedBy).toEqual({ ...all, authors: [writer], ads: [ad] });
    const list = await world.as(await make(admin, ['media:read'])).get('/api/v1/desk/media');
    expect((list.body.items as { id: number }[]).map((item) => item.id)).toContain(id);
  });

  it('keep to the article’s own rules: a contributor’s token reads the own drafts, and that with its scope', async () => {
    const editor = await anEditor(world, 'contributor');
    const { id } = await aPicture(world, { createdBy: editor.id });
    const draft = await aDraft(world, { title: 'مسودتي', coverId: id });
    await world.dataSource.query(`update articles set created_by = $2 where id = $1`, [draft.id, editor.id]);
    const uses = async (...scopes: Scope[]): Promise<unknown> =>
      (await world.as(await make(editor, scopes)).get(`/api/v1/desk/media/${id}`).expect(200)).body.usedBy as unknown; // prettier-ignore
    expect(await uses('media:read')).toEqual({ articles: [], authors: [], ads: [], hidden: 1 });
    expect(await uses('media:read', 'articles:read')).toEqual({
      articles: [{ id: draft.id, title: 'مسودتي' }],
      authors: [],
      ads: [],
      hidden: 0,
    });
  });

  it('of others’ are put where the editor may put them, and left as they are', async () => {
    const [chief, contributor] = [await anEditor(world, 'chief'), await anEditor(world, 'contributor')];
    const { id } = await aPicture(world, { createdBy: contributor.id });
    const { id: another } = await aPicture(world, { createdBy: chief.id });
    const { id: sectionId } = await aSection(world);
    const { id: authorId } = await anAuthor(world);
    const article = {
      lang: 'ar',
      title: 'مقال بغلاف',
      summary: 'خلاصة.',
      body: '<p>متن.</p>',
      sectionId,
      authorIds: [authorId],
      coverId: id,
    };
    const writing = await make(chief, ['articles:write']);
    await world.as(writing).post('/api/v1/desk/articles', article).expect(201);
    await world.as(writing).post('/api/v1/desk/articles', { ...article, body: `<figure data-media="${id}"></figure>` }).expect(201); // prettier-ignore
    expect((await world.as(writing).patch(`/api/v1/desk/media/${id}`, { alt: { ar: 'جسر' }, version: 1 })).body.code).toBe(
      'token_not_allowed',
    );
    expect((await world.as(writing).delete(`/api/v1/desk/media/${id}`)).body.code).toBe('token_not_allowed');
    const theirs = await make(contributor, ['articles:write', 'media:read', 'media:write']);
    const refused = await world.as(theirs).post('/api/v1/desk/articles', { ...article, coverId: another });
    expect([refused.status, refused.body.code]).toEqual([422, 'unknown_reference']);
    expect((await world.as(theirs).get(`/api/v1/desk/media/${another}`)).status).toBe(404);
  });

  it('have their files opened to whom the editor is, whatever they are in', async () => {
    const [admin, contributor] = [await anEditor(world, 'admin'), await anEditor(world, 'contributor')];
    const { id } = await uploaded(world, await anEditor(world, 'contributor'), aPdf());
    const file = `/api/v1/desk/media/${id}/files/document.pdf`;
    const answers = [];
    for (const token of [await make(admin, ['media:read']), await make(admin, ['articles:read']), await make(contributor, ['media:read'])])
      answers.push(await status(token, file));
    expect(answers).toEqual([200, 403, 404]);
  });
});

describe('through a token, the log of the audit', () => {
  it('does not tell what was changed about an editor; to a session it does', async () => {
    const admin = await anEditor(world, 'admin');
    const invited = { email: `salma-${admin.id}@center.example`, name: 'سلمى', role: 'chief' };
    const { body: editor } = await world.as(admin).post('/api/v1/desk/editors', invited).expect(201);
    await world
      .as(admin)
      .patch(`/api/v1/desk/editors/${editor.id as number}`, { role: 'contributor', version: editor.version as number })
      .expect(200);
    const tag = await world.as(admin).post('/api/v1/desk/tags', { name: { ar: 'وسم معلوم' } }).expect(201); // prettier-ignore
    const token = await make(admin, ['audit:read']);
    const lines = async (who: { readonly token: string }, query: string): Promise<{ act: string; before: object; after: object }[]> =>
      (await world.as(who).get(`/api/v1/desk/audit${query}`).expect(200)).body.items as { act: string; before: object; after: object }[];
    const about = `?object=editor&objectId=${editor.id as number}`;
    expect((await lines(token, about)).map(({ act, before, after }) => ({ act, before, after }))).toEqual([
      { act: 'editors.change', before: {}, after: {} },
      { act: 'editors.create', before: {}, after: {} },
    ]);
    expect(JSON.stringify(await lines(token, ''))).not.toContain(invited.email);
    expect((await lines(token, `?object=tag&objectId=${tag.body.id as number}`))[0]!.after).not.toEqual({});
    expect(JSON.stringify(await lines(admin, about))).toContain(invited.email);
  });
});

describe('scopes', () => {
  it('say of every act which covers it, or that none does', () => {
    const covered: readonly Act[] = SCOPES.flatMap((scope) => SCOPE_ACTS[scope]);
    expect([...covered, ...NEVER_BY_TOKEN].toSorted()).toEqual([...ACTS].toSorted());
    expect(NEVER_BY_TOKEN.filter((act) => /^(account|editors|mail)\.|^center\.write$/.test(act)).toSorted()).toEqual(
      ACTS.filter((act) => /^(account|editors|mail)\.|^center\.write$/.test(act)).toSorted(),
    );
  });

  const closed = (): (Route & { act: Act })[] =>
    routes.flatMap((route) => (route.method !== 'HEAD' && typeof route.door === 'object' ? [{ ...route, act: route.door.act }] : []));

  /** What the guard says of each route; what stands behind it may still find a body or an id wanting. */
  async function told(token: { readonly token: string }): Promise<Record<string, string>> {
    const answers: Record<string, string> = {};
    for (const route of closed()) {
      const url = route.path.replaceAll(/:\w+/g, '999999');
      const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
      const { status: code, body } = await world.as(token)[method](url, method === 'get' || method === 'delete' ? undefined : {});
      answers[named(route)] = code === 401 || code === 403 ? `${code} ${body.code as string}` : 'passes';
    }
    return answers;
  }

  it('of every kind together never reach an account, on any route', async () => {
    const token = await make(await anEditor(world, 'admin'), SCOPES);
    const expected = closed().map((route) => [named(route), NEVER_BY_TOKEN.includes(route.act) ? '403 token_not_allowed' : 'passes']);
    expect(await told(token)).toEqual(Object.fromEntries(expected));
    const never = expected.filter(([, answer]) => answer !== 'passes').map(([name]) => name);
    for (const name of [
      'GET /api/v1/sessions',
      'DELETE /api/v1/sessions',
      'DELETE /api/v1/sessions/current',
      'DELETE /api/v1/sessions/:id',
      'GET /api/v1/desk/me',
      'PUT /api/v1/desk/me/password',
      'POST /api/v1/desk/me/second-factor',
      'POST /api/v1/desk/me/second-factor/confirmations',
      'GET /api/v1/desk/tokens',
      'POST /api/v1/desk/tokens',
      'DELETE /api/v1/desk/tokens/:id',
      'POST /api/v1/desk/editors',
      'DELETE /api/v1/desk/editors/:id/second-factor',
      'PATCH /api/v1/desk/center',
    ])
      // prettier-ignore
      expect(never).toContain(name);
  }, 30_000);

  it.each(SCOPES)('%s opens what it says and nothing else', async (scope) => {
    const token = await make(await anEditor(world, 'admin'), [scope]);
    const acts = actsOf([scope]);
    expect(await told(token)).toEqual(
      Object.fromEntries(closed().map((route) => [named(route), acts.includes(route.act) ? 'passes' : '403 token_not_allowed'])),
    );
  });

  it.each(ROLES)('give a %s nothing that the role has not', async (role) => {
    const token = await make(await anEditor(world, role), allOf(role));
    const expected = closed().map((route) => [
      named(route),
      !mayEver(role, route.act) ? '403 not_allowed' : NEVER_BY_TOKEN.includes(route.act) ? '403 token_not_allowed' : 'passes',
    ]);
    expect(await told(token)).toEqual(Object.fromEntries(expected));
  });

  it('hold inside an act as well: who may write may not backdate, publish or correct', async () => {
    const editor = await anEditor(world, 'chief');
    const token = await make(editor, ['articles:write']);
    const { id, version } = await aDraft(world);
    const article = `/api/v1/desk/articles/${id}`;
    const seen = await world.as(token).get(article).expect(200);
    // What it could do next is told by the token, too.
    expect(JSON.stringify(seen.body)).not.toContain('"publish"');
    expect((await world.as(token).patch(article, { publishedAt: '2020-01-01T00:00:00Z', version })).status).toBe(403);
    expect((await world.as(token).post(`${article}/publish`, { version })).body.code).toBe('token_not_allowed');
    const saved = await world.as(token).patch(article, { kicker: 'فوقه', version }).expect(200);
    await world
      .as(editor)
      .patch(article, { publishedAt: '2020-01-01T00:00:00Z', version: saved.body.version as number })
      .expect(200);
  });
});

describe('what ends a token', () => {
  const change = async (editor: TestEditor, body: object): Promise<void> => {
    const admin = await anEditor(world, 'admin');
    const { version } = (await world.as(admin).get(`/api/v1/desk/editors/${editor.id}`).expect(200)).body as { version: number };
    await world
      .as(admin)
      .patch(`/api/v1/desk/editors/${editor.id}`, { ...body, version })
      .expect(200);
  };

  const ends: [string, (editor: TestEditor, made: Made) => Promise<unknown>][] = [
    ['its hour', (_, { id }) => world.dataSource.query(`update api_tokens set created_at = now() - interval '40 days', expires_at = now() where id = $1`, [id])],
    ['its revocation', (editor, { id }) => world.as(editor).delete(`${TOKENS}/${id}`).expect(204)],
    ['suspension', (editor) => change(editor, { suspended: true })],
    ['another address', (editor) => change(editor, { email: `moved-${editor.id}@center.example` })],
    ['another password', async (editor) => world.as(await withPassword(world, editor)).put('/api/v1/desk/me/password', { currentPassword: PASSWORD, password: 'نخلتان على الطريق الجديد' }).expect(200)],
    ['a second factor', async (editor) => enrol(world, await withPassword(world, editor))],
  ]; // prettier-ignore
  it.each(ends)('%s', async (_, end) => {
    const editor = await anEditor(world, 'chief');
    const made = await make(editor, ['articles:read']);
    expect(await status(made)).toBe(200);
    await end(editor, made);
    expect(await status(made)).toBe(401);
    await world.dataSource.query(`update editors set state = 'active' where id = $1`, [editor.id]);
    expect(await status(made)).toBe(401);
  });

  it('is the reset of a lost second factor as well', async () => {
    const editor = await anEnrolled(world, 'chief');
    const made = await make(editor, ['articles:read'], { code: editor.recoveryCodes[0] });
    await world
      .as(await anEditor(world, 'admin'))
      .delete(`/api/v1/desk/editors/${editor.id}/second-factor`)
      .expect(204);
    expect(await status(made)).toBe(401);
  });

  it('is neither signing out nor another role: it does what its editor now may', async () => {
    const section = await aSection(world);
    const editor = await anEditor(world, 'chief');
    const made = await make(editor, ['articles:read', 'audit:read']);
    expect(await status(made, '/api/v1/desk/audit')).toBe(200);
    await change(editor, { role: 'section_editor', sections: [section.id] });
    expect(await status(editor, '/api/v1/desk/me')).toBe(401);
    expect([await status(made), await status(made, '/api/v1/desk/audit')]).toEqual([200, 403]);
    const inside = await aDraft(world, { sectionId: section.id });
    const outside = await aDraft(world);
    expect([await status(made, `/api/v1/desk/articles/${inside.id}`), await status(made, `/api/v1/desk/articles/${outside.id}`)]).toEqual([
      200, 404,
    ]);
  });

  it('is not its editor’s lack of a demanded second factor: that makes it wait, and says so', async () => {
    const [without, having] = [await anEditor(world, 'chief'), await anEnrolled(world, 'chief')];
    const made = [await make(without, ['articles:read']), await make(having, ['articles:read'], { code: having.recoveryCodes[0] })];
    await world.dataSource.query(`update center set second_factor_roles = '{chief}'`);
    expect(await Promise.all(made.map((one) => status(one)))).toEqual([403, 200]);
    const { body } = await world.get('/api/v1/desk/articles').set('authorization', `Bearer ${made[0]!.token}`);
    expect(body.code).toBe('second_factor_required');
    await world.dataSource.query(`update center set second_factor_roles = '{}'`);
    expect(await Promise.all(made.map((one) => status(one)))).toEqual([200, 200]);
    await world.dataSource.query(`update center set second_factor_roles = '{chief}'`);
    await world.dataSource.query(`delete from api_tokens where editor_id = $1`, [without.id]);
    // What is no token, or no more, learns nothing of it.
    expect(await Promise.all(made.map((one) => status(one)))).toEqual([401, 200]);
    await world.dataSource.query(`update center set second_factor_roles = '{}'`);
  });

  it('cannot be outrun: none is made while all end', async () => {
    const editor = await withPassword(world, await anEditor(world, 'chief'));
    let making: ReturnType<TestApp['get']> extends infer Pending ? Promise<Awaited<Pending>> : never;
    await world.tx(async (tx) => {
      await tx.query(`select from editors where id = $1 for no key update`, [editor.id]);
      making = world
        .as(editor)
        .post(TOKENS, { name: 'برنامج', scopes: ['articles:read'], expiresAt: inDays(1), password: PASSWORD })
        .then((answer) => answer);
      for (;;) {
        const waiting = await world.dataSource.query<unknown[]>(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        if (waiting.length > 0) break;
        await new Promise((resume) => setTimeout(resume, 10));
      }
      await world.app.get(SessionsService).endAllAccess(tx, editor.id);
    });
    expect((await making!).status).toBe(401);
    expect(await world.dataSource.query(`select from api_tokens where editor_id = $1`, [editor.id])).toEqual([]);
  });

  it('is for its owner alone: another’s is a 404, like none', async () => {
    const [mine, theirs] = [await anEditor(world, 'admin'), await anEditor(world, 'chief')];
    const made = await make(theirs, ['articles:read']);
    const answers = await Promise.all(
      [made.id, '00000000-0000-4000-8000-000000000000'].map(async (id) => {
        const answer = await world.as(mine).delete(`${TOKENS}/${id}`);
        return JSON.stringify([answer.status, { ...answer.body, instance: null }]);
      }),
    );
    expect([new Set(answers).size, answers[0]!.startsWith('[404,')]).toEqual([1, true]);
    expect(await status(made)).toBe(200);
    expect((await world.as(theirs).delete(`${TOKENS}/1`)).status).toBe(400);
  });
});
