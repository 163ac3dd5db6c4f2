import type { LightMyRequestResponse } from 'fastify';
import { agentOf } from '../src/accounts/agent.js';
import { SessionsService } from '../src/accounts/sessions.service.js';
import { anEnrolled } from './authenticator.js';
import { PASSWORD, anEditor, withPassword, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

const SESSIONS = '/api/v1/sessions';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';

let world: TestApp;

beforeAll(async () => void (world = await startTestApp()));
afterAll(() => world.close());

interface Item {
  readonly id: string;
  readonly current: boolean;
  readonly agent: string | null;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly secondFactor: boolean;
}

type Holder = Pick<TestEditor, 'token'>;

const list = async (holder: Holder): Promise<Item[]> => (await world.as(holder).get(SESSIONS).expect(200)).body.items as Item[];
const open = (editorId: number): Promise<string> => world.tx((tx) => world.app.get(SessionsService).open(tx, editorId));
const status = async (token: string): Promise<number> => (await world.as({ token }).get('/api/v1/desk/me')).status;
const own = async (token: string): Promise<string> => (await list({ token })).find(({ current }) => current)!.id;

function signIn({ email }: TestEditor, agent: string): Promise<LightMyRequestResponse> {
  return world.app.inject({ method: 'POST', url: SESSIONS, headers: { 'user-agent': agent }, payload: { email, password: PASSWORD } });
}

describe('the list of sessions', () => {
  it('shows one’s own, the newest first, each by what a person knows it again', async () => {
    const editor = await withPassword(world, await anEditor(world, 'contributor'));
    await anEditor(world, 'contributor');
    const { token } = (await signIn(editor, FIREFOX)).json<{ token: string }>();
    const { status: code, body, headers } = await world.as({ token }).get(SESSIONS);
    expect([code, headers['cache-control']]).toEqual([200, 'private, no-store']);
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
    const item = { id: expect.stringMatching(/^[\da-f-]{36}$/) as string, createdAt: moment, lastSeenAt: moment, secondFactor: false };
    expect(body).toEqual({
      items: [
        { ...item, current: true, agent: 'Firefox on Linux' },
        { ...item, current: false, agent: null },
      ],
    });
  });

  it('says which were opened with a second factor, and leaves out what has ended by itself', async () => {
    const editor = await anEnrolled(world, 'chief');
    const stale = [await open(editor.id), await open(editor.id)];
    const ids = await Promise.all(stale.map(own));
    await world.dataSource.query(`update sessions set seen_at = now() - interval '13 hours' where id = $1`, [ids[0]]);
    await world.dataSource.query(`update sessions set created_at = now() - interval '15 days' where id = $1`, [ids[1]]);
    expect((await list(editor)).map(({ current, secondFactor }) => [current, secondFactor])).toEqual([[true, true]]);
  });

  it('keeps of a program nothing but words of ours', async () => {
    const editor = await withPassword(world, await anEditor(world, 'chief'));
    for (const agent of ['<script>alert(1)</script>', `zq12345678 Firefox/1 ${'x'.repeat(5_000)} Windows`, 'curl/8.0', ''])
      expect((await signIn(editor, agent)).statusCode).toBe(201);
    expect((await list(editor)).map(({ agent }) => agent).toSorted()).toEqual(['Firefox on Windows', null, null, null, null]);
    const rows = JSON.stringify(await world.dataSource.query(`select * from sessions where editor_id = $1`, [editor.id]));
    expect(rows).not.toMatch(/zq12345678|script|curl|127\.0\.0\.1/);
  });

  it.each([
    [FIREFOX, 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      'Chrome on Windows',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1',
      'Chrome on iOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36',
      'Samsung Internet on Android',
    ],
    ['Firefox/145.0', 'Firefox'],
    ['python-requests/2.32', null],
    [undefined, null],
  ])('knows %s as %s', (sent, known) => {
    expect(agentOf(sent)).toBe(known);
  });
});

describe('ending a session', () => {
  it('ends that one, from then on, and no other', async () => {
    const { id, token } = await anEditor(world, 'chief');
    const [one, two] = [await open(id), await open(id)];
    await world
      .as({ token })
      .delete(`${SESSIONS}/${await own(one)}`)
      .expect(204);
    expect([await status(one), await status(two), await status(token)]).toEqual([401, 200, 200]);
    await world
      .as({ token })
      .delete(`${SESSIONS}/${await own(token)}`)
      .expect(204);
    expect([await status(two), await status(token)]).toEqual([200, 401]);
    const lines = await world.dataSource.query(`select act, after from audit_log where editor_id = $1 order by id`, [id]);
    expect(lines).toEqual(Array.from({ length: 2 }, () => ({ act: 'editors.end_sessions', after: { ended: 1 } })));
  });

  it('of somebody else, of nobody, or twice is a 404, and ends nothing', async () => {
    const [mine, theirs] = [await anEditor(world, 'admin'), await anEditor(world, 'contributor')];
    const id = await own(theirs.token);
    const answers = await Promise.all(
      [id, '00000000-0000-4000-8000-000000000000'].map(async (one) => {
        const { status: code, body } = await world.as(mine).delete(`${SESSIONS}/${one}`);
        return JSON.stringify([code, { ...body, instance: null }]);
      }),
    );
    expect([new Set(answers).size, answers[0]!.startsWith('[404,')]).toEqual([1, true]);
    expect(await status(theirs.token)).toBe(200);
    const other = await own(await open(mine.id));
    const twice = await Promise.all([1, 2].map(async () => (await world.as(mine).delete(`${SESSIONS}/${other}`)).status));
    expect(twice.toSorted()).toEqual([204, 404]);
  });

  it.each(['1', 'x', '%00', 'current%00', '9F1C1C2E-6F0E-4A3E-8F0E-0D7F5A8F6B1A', "' or 1=1 --"])('takes no %s for an id', async (junk) => {
    const editor = await anEditor(world, 'chief');
    const answer = await world.app.inject({
      method: 'DELETE',
      url: `${SESSIONS}/${junk.startsWith('%') || junk.includes('%') ? junk : encodeURIComponent(junk)}`,
      headers: { authorization: `Bearer ${editor.token}` },
    });
    expect(answer.statusCode).toBe(400);
    expect(await status(editor.token)).toBe(200);
  });

  it('opens nothing with the id of the list', async () => {
    const { token } = await anEditor(world, 'chief');
    const id = await own(token);
    for (const bearer of [id, id.replaceAll('-', ''), Buffer.from(id).toString('base64url').slice(0, 43)])
      expect((await world.as({ token: bearer }).get('/api/v1/desk/me')).status).toBe(401);
  });

  it('of all others leaves the one that asks', async () => {
    const { id, token } = await anEditor(world, 'chief');
    const stranger = await anEditor(world, 'chief');
    const others = [await open(id), await open(id), await open(id)];
    await world.as({ token }).delete(SESSIONS).expect(204);
    expect(await Promise.all([...others, token, stranger.token].map(status))).toEqual([401, 401, 401, 200, 200]);
    await world.as({ token }).delete(SESSIONS).expect(204);
    const lines = await world.dataSource.query(`select after from audit_log where editor_id = $1`, [id]);
    expect(lines).toEqual([{ after: { ended: 3 } }]);
  });

  it('of all others, asked by eight of them at once, leaves exactly one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, token } = await anEditor(world, 'chief');
      const tokens = [token, ...(await Promise.all(Array.from({ length: 7 }, () => open(id))))];
      await Promise.all(tokens.map((one) => world.as({ token: one }).delete(SESSIONS)));
      expect((await Promise.all(tokens.map(status))).filter((code) => code === 200).length).toBe(1);
    }
  });

  it('of a hundred, one by one and all at once, leaves none of them', async () => {
    const { id, token } = await anEditor(world, 'chief');
    const tokens = await Promise.all(Array.from({ length: 100 }, () => open(id)));
    const ids = (await list({ token })).filter(({ current }) => !current).map((item) => item.id);
    expect(ids.length).toBe(100);
    const ended = await Promise.all(ids.map(async (one) => (await world.as({ token }).delete(`${SESSIONS}/${one}`)).status));
    expect(new Set(ended)).toEqual(new Set([204]));
    expect(new Set(await Promise.all(tokens.map(status)))).toEqual(new Set([401]));
    expect((await list({ token })).length).toBe(1);
  }, 30_000);

  it('is refused without a session, and from another site', async () => {
    const { token } = await anEditor(world, 'chief');
    const id = await own(token);
    await world.as(null).get(SESSIONS).expect(401);
    for (const url of [SESSIONS, `${SESSIONS}/${id}`]) {
      await world.as(null).delete(url).expect(401);
      const headers = { cookie: `__Host-markaz=${token}`, origin: 'https://evil.example' };
      expect((await world.app.inject({ method: 'DELETE', url, headers })).statusCode).toBe(403);
    }
    expect(await status(token)).toBe(200);
  });
});
