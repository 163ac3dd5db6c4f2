import type { Test } from 'supertest';
import type { QueryRunner } from 'typeorm';
import { MailRoom, type Letter } from '../src/mail/mail-room.service.js';
import { aSection, anEditor, type TestEditor } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

const EDITORS = '/api/v1/desk/editors';

let world: TestApp;
let admin: TestEditor;
let letters: Letter[];

beforeAll(async () => {
  world = await startTestApp();
  admin = await anEditor(world, 'admin');
  const room = world.app.get(MailRoom);
  const post = room.post.bind(room);
  letters = [];
  vi.spyOn(room, 'post').mockImplementation(async (tx, letter) => {
    letters.push(letter);
    return post(tx, letter);
  });
});
afterAll(() => world.close());
beforeEach(() => void (letters.length = 0));

interface EditorBody {
  readonly id: number;
  readonly version: number;
  readonly email: string;
  readonly [field: string]: unknown;
}

let count = 0;
const anAddress = (): string => `colleague-${(count += 1)}@center.example`;

/** An appointment as the desk takes it. */
const anAppointment = (over: Record<string, unknown> = {}): Record<string, unknown> & { email: string } => ({
  email: anAddress(),
  name: 'سلمى المحررة',
  role: 'contributor',
  ...over,
});

/** An editor made through the door, still invited. */
async function anInvited(over: Record<string, unknown> = {}): Promise<EditorBody> {
  return (await world.as(admin).post(EDITORS, anAppointment(over)).expect(201)).body as EditorBody;
}

async function read(id: number): Promise<EditorBody> {
  return (await world.as(admin).get(`${EDITORS}/${id}`).expect(200)).body as EditorBody;
}

const fields = (body: { errors: { field: string }[] }): string[] => body.errors.map(({ field }) => field);

async function links(id: number): Promise<{ purpose: string; token: string }[]> {
  return world.dataSource.query(`select purpose, encode(token_hash, 'hex') as token from password_links where editor_id = $1`, [id]);
}

/** What the log says of an editor, oldest first. */
async function audited(id: number): Promise<unknown[]> {
  const { body } = await world.as(admin).get(`/api/v1/desk/audit?object=editor&objectId=${id}`).expect(200);
  return (body.items as { act: string; editor: { id: number } | null; before: unknown; after: unknown }[])
    .map(({ act, editor, before, after }) => ({ act, by: editor?.id ?? null, before, after }))
    .toReversed();
}

/** The status with which the desk meets the editor's session now. */
async function met(editor: TestEditor): Promise<number> {
  return (await world.as(editor).get('/api/v1/desk/editors?limit=1')).status;
}

/** As if a password had been set. */
async function setPassword(id: number): Promise<void> {
  await world.dataSource.query(`insert into editor_passwords (editor_id, hash) values ($1, 'a hash')`, [id]);
}

describe('appointing', () => {
  it('makes an invited editor, tells the whole of it, and sends a link to the address', async () => {
    const section = await aSection(world);
    const other = await aSection(world);
    const email = anAddress();
    const { body, headers } = await world
      .as(admin)
      .post(EDITORS, { email, name: '  سلمى   المحررة ', role: 'section_editor', lang: 'en', sections: [other.id, section.id] })
      .expect(201);
    expect(body).toEqual({
      id: expect.any(Number) as number,
      version: 1,
      email,
      name: 'سلمى المحررة',
      role: 'section_editor',
      state: 'invited',
      lang: 'en',
      sections: [section.id, other.id],
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      lastSeenAt: null,
      secondFactor: false,
    });
    expect(headers['cache-control']).toBe('private, no-store');
    expect(await read(body.id)).toEqual(body);
    expect(letters.map(({ kind, to }) => [kind, to])).toEqual([['invitation', email]]);
    expect(await links(body.id)).toEqual([{ purpose: 'invitation', token: expect.any(String) as string }]);
    expect(await audited(body.id)).toEqual([
      {
        act: 'editors.create',
        by: admin.id,
        before: {},
        after: { email, name: 'سلمى المحررة', role: 'section_editor', state: 'invited', lang: 'en', sections: [other.id, section.id] },
      },
    ]);
  });

  it('writes to them in the center’s language where none is given, and grants nothing', async () => {
    expect(await anInvited()).toMatchObject({ lang: 'ar', sections: [], role: 'contributor' });
  });

  it('keeps an address for one editor: compared exactly, but for the case of its domain', async () => {
    const email = anAddress();
    await anInvited({ email });
    for (const same of [email, email.replace('@center', '@CENTER')]) {
      const { body } = await world
        .as(admin)
        .post(EDITORS, anAppointment({ email: same }))
        .expect(409);
      expect(body).toMatchObject({ code: 'email_taken', errors: [{ field: 'email', rule: 'email_taken' }] });
    }
    await anInvited({ email: email.replace('colleague', 'Colleague') });
  });

  it('of one address by eight at once succeeds once', async () => {
    const email = anAddress();
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.as(admin).post(EDITORS, anAppointment({ email }))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    expect(letters).toHaveLength(1);
    expect(await world.dataSource.query(`select from editors where email = $1`, [email])).toHaveLength(1);
  });

  it.each(['admin', 'chief', 'contributor'])('grants no section to a %s', async (role) => {
    const { id } = await aSection(world);
    const { body } = await world
      .as(admin)
      .post(EDITORS, anAppointment({ role, sections: [id] }))
      .expect(422);
    expect(body).toMatchObject({ code: 'grants_not_allowed', errors: [{ field: 'sections', rule: 'grants_not_allowed' }] });
  });

  it('grants only sections that exist, and leaves nothing behind otherwise', async () => {
    const { id } = await aSection(world);
    const email = anAddress();
    const { body } = await world
      .as(admin)
      .post(EDITORS, anAppointment({ email, role: 'section_editor', sections: [id, 2_147_483_647] }))
      .expect(422);
    expect(body).toMatchObject({ code: 'unknown_reference', errors: [{ field: 'sections', rule: 'unknown_reference' }] });
    expect(await world.dataSource.query(`select from editors where email = $1`, [email])).toEqual([]);
  });

  it.each([
    [{ email: undefined }, 'email'],
    [{ email: null }, 'email'],
    [{ email: 'nobody' }, 'email'],
    [{ email: 'a@b@center.example' }, 'email'],
    [{ email: ' a@center.example' }, 'email'],
    [{ email: ['a@center.example'] }, 'email'],
    [{ email: { address: 'a@center.example', canonical: 'a@center.example' } }, 'email'],
    [{ name: '' }, 'name'],
    [{ name: ' \u200B ' }, 'name'],
    [{ name: 'a\0b' }, 'name'],
    [{ name: 'ن'.repeat(201) }, 'name'],
    [{ name: 7 }, 'name'],
    [{ role: 'owner' }, 'role'],
    [{ role: null }, 'role'],
    [{ lang: 'de' }, 'lang'],
    [{ lang: null }, 'lang'],
    [{ sections: ['1'] }, 'sections'],
    [{ sections: [1, 1] }, 'sections'],
    [{ sections: [0] }, 'sections'],
    [{ sections: [1.5] }, 'sections'],
    [{ sections: 1 }, 'sections'],
    [{ sections: null }, 'sections'],
    [{ id: 7 }, 'id'],
    [{ state: 'active' }, 'state'],
    [{ suspended: false }, 'suspended'],
    [{ version: 1 }, 'version'],
    [{ createdAt: '2026-01-01T00:00:00Z' }, 'createdAt'],
    [{ password: 'correct horse battery' }, 'password'],
    [{ emailCanonical: 'a@center.example' }, 'emailCanonical'],
  ])('refuses %j, naming the field', async (over, field) => {
    const { body } = await world.as(admin).post(EDITORS, anAppointment(over)).expect(400);
    expect(fields(body)).toEqual([field]);
    expect(letters).toEqual([]);
  });
});

describe('who comes to these doors', () => {
  const doors: [method: 'get' | 'post' | 'put' | 'patch', path: string, body?: object][] = [
    ['get', EDITORS],
    ['get', `${EDITORS}/1`],
    ['post', EDITORS, anAppointment()],
    ['put', `${EDITORS}/1`, anAppointment({ version: 1 })],
    ['patch', `${EDITORS}/1`, { version: 1, name: 'x' }],
    ['post', `${EDITORS}/1/invite`, { version: 1 }],
  ];

  const knock = (who: TestEditor | null, method: 'get' | 'post' | 'put' | 'patch', path: string, body?: object): Test => {
    const asked = world.as(who);
    return asked[method](path, body);
  };

  it.each(doors)('%s %s is for admins only', async (method, path, body) => {
    expect((await knock(null, method, path, body).expect(401)).body.code).toBe('not_signed_in');
    for (const role of ['chief', 'section_editor', 'contributor'] as const) {
      const refused = await knock(await anEditor(world, role), method, path, body).expect(403);
      expect(refused.body.code).toBe('not_allowed');
    }
  });

  it.each(doors.filter(([, path]) => path !== EDITORS))('%s %s finds nobody under a strange id', async (method, path, body) => {
    const under = (id: string): Test => knock(admin, method, path.replace('/1', `/${id}`), body);
    expect((await under('2147483647').expect(404)).body.code).toBe('not_found');
    for (const bad of ['0', '01', '2147483648', 'x', '1e3']) expect(fields((await under(bad).expect(400)).body)).toEqual(['id']);
  });

  it.each([
    ['limit', 'limit=0'],
    ['cursor', 'cursor=x'],
    ['role', 'role=owner'],
    ['state', 'state=asleep'],
    ['section', 'section=one'],
    ['page', 'page=2'],
    ['email', 'email=a@center.example'],
  ])('the list refuses a bad %s', async (field, query) => {
    expect(fields((await world.as(admin).get(`${EDITORS}?${query}`).expect(400)).body)).toEqual([field]);
  });
});

describe('changing', () => {
  it('PUT replaces the whole appointment: what is left out takes its default', async () => {
    const section = await aSection(world);
    const editor = await anInvited({ role: 'section_editor', lang: 'en', sections: [section.id] });
    const email = anAddress();
    const { body } = await world
      .as(admin)
      .put(`${EDITORS}/${editor.id}`, { version: 1, email, name: 'اسم آخر', role: 'section_editor' })
      .expect(200);
    expect(body).toEqual({ ...editor, version: 2, email, name: 'اسم آخر', lang: 'ar', sections: [] });
    expect(await audited(editor.id)).toMatchObject([
      { act: 'editors.create' },
      {
        act: 'editors.change',
        by: admin.id,
        before: { email: editor.email, name: 'سلمى المحررة', lang: 'en', sections: [section.id] },
        after: { email, name: 'اسم آخر', lang: 'ar', sections: [] },
      },
    ]);
  });

  it.each([[{ email: undefined }], [{ name: undefined }], [{ role: undefined }], [{ version: undefined }]])(
    'PUT wants what creating wants: %j is refused',
    async (over) => {
      const { id } = await anInvited();
      const { body } = await world
        .as(admin)
        .put(`${EDITORS}/${id}`, anAppointment({ version: 1, ...over }))
        .expect(400);
      expect(fields(body)).toEqual(Object.keys(over));
    },
  );

  it('PATCH changes one part and leaves the others', async () => {
    const section = await aSection(world);
    const editor = await anInvited({ role: 'section_editor', lang: 'en', sections: [section.id] });
    const { body } = await world.as(admin).patch(`${EDITORS}/${editor.id}`, { version: 1, name: 'اسم آخر' }).expect(200);
    expect(body).toEqual({ ...editor, version: 2, name: 'اسم آخر' });
    expect(await audited(editor.id)).toMatchObject([{}, { before: { name: editor['name'] }, after: { name: 'اسم آخر' } }]);
  });

  it.each([
    [{ name: null }, 'name'],
    [{ email: null }, 'email'],
    [{ sections: null }, 'sections'],
    [{ suspended: null }, 'suspended'],
    [{ suspended: 'true' }, 'suspended'],
    [{ state: 'suspended' }, 'state'],
    [{ lastSeenAt: null }, 'lastSeenAt'],
    [{ version: '1' }, 'version'],
    [{ version: 0 }, 'version'],
  ])('PATCH refuses %j', async (over, field) => {
    const editor = await anInvited();
    const { body } = await world
      .as(admin)
      .patch(`${EDITORS}/${editor.id}`, { version: 1, ...over })
      .expect(400);
    expect(fields(body)).toEqual([field]);
    expect(await read(editor.id)).toEqual(editor);
  });

  it('takes the grants from whoever stops being a section editor, and refuses to give others any', async () => {
    const section = await aSection(world);
    const editor = await anInvited({ role: 'section_editor', sections: [section.id] });
    const door = `${EDITORS}/${editor.id}`;
    const refused = await world
      .as(admin)
      .patch(door, { version: 1, role: 'chief', sections: [section.id] })
      .expect(422);
    expect(refused.body.code).toBe('grants_not_allowed');
    expect(await read(editor.id)).toEqual(editor);
    const { body } = await world.as(admin).patch(door, { version: 1, role: 'chief' }).expect(200);
    expect(body).toMatchObject({ role: 'chief', sections: [] });
    expect(
      (
        await world
          .as(admin)
          .patch(door, { version: 2, sections: [section.id] })
          .expect(422)
      ).body.code,
    ).toBe('grants_not_allowed');
    expect((await audited(editor.id)).at(-1)).toMatchObject({
      before: { role: 'section_editor', sections: [section.id] },
      after: { role: 'chief', sections: [] },
    });
  });

  it('refuses what another has already changed, and says which version is the present one', async () => {
    const editor = await anInvited();
    const door = `${EDITORS}/${editor.id}`;
    await world.as(admin).patch(door, { version: 1, name: 'أول' }).expect(200);
    for (const act of [
      world.as(admin).patch(door, { version: 1, name: 'ثان' }),
      world.as(admin).put(door, anAppointment({ version: 1 })),
      world.as(admin).post(`${door}/invite`, { version: 1 }),
    ]) {
      const { body } = await act.expect(409);
      expect(body).toMatchObject({ code: 'stale_version', errors: [{ field: 'version', rule: 'current:2' }] });
    }
    expect(await read(editor.id)).toEqual({ ...editor, version: 2, name: 'أول' });
  });

  it('of one version, a hundred at once, succeeds once and is written down once', async () => {
    const editor = await anInvited();
    const answers: { status: number; body: EditorBody }[] = [];
    // Ten by ten: more would only wait for one of the ten connections.
    for (let round = 0; round < 10; round += 1)
      answers.push(
        ...(await Promise.all(
          Array.from({ length: 10 }, (_, n) => world.as(admin).patch(`${EDITORS}/${editor.id}`, { version: 1, name: `اسم ${round}-${n}` })),
        )),
      );
    const done = answers.filter(({ status }) => status === 200);
    expect(done.map(({ body }) => body.version)).toEqual([2]);
    expect(answers.filter(({ body }) => body['code'] === 'stale_version').length).toBe(99);
    expect(await read(editor.id)).toEqual(done[0]!.body);
    expect(await audited(editor.id)).toHaveLength(2);
  });

  it('refuses an address that another editor has', async () => {
    const [one, other] = [await anInvited(), await anInvited()];
    const { body } = await world.as(admin).patch(`${EDITORS}/${one.id}`, { version: 1, email: other.email }).expect(409);
    expect(body).toMatchObject({ code: 'email_taken', errors: [{ field: 'email', rule: 'email_taken' }] });
    expect(await read(one.id)).toEqual(one);
  });
});

describe('what ends sessions', () => {
  it.each([
    ['another role', async () => ({ role: 'chief' })],
    ['another grant', async () => ({ sections: [(await aSection(world)).id] })],
    ['no grant any more', async () => ({ sections: [] })],
    ['another address', async () => ({ email: anAddress() })],
    ['suspension', async () => ({ suspended: true })],
  ])('%s', async (_, change) => {
    const editor = await anEditor(world, 'section_editor', (await aSection(world)).id);
    expect(await met(editor)).toBe(403);
    await world
      .as(admin)
      .patch(`${EDITORS}/${editor.id}`, { version: 1, ...(await change()) })
      .expect(200);
    expect(await met(editor)).toBe(401);
  });

  it('not another name or language, nor what changes nothing', async () => {
    const section = await aSection(world);
    const editor = await anEditor(world, 'section_editor', section.id);
    const same = { email: editor.email, role: 'section_editor', sections: [section.id], suspended: false };
    await world
      .as(admin)
      .patch(`${EDITORS}/${editor.id}`, { version: 1, name: 'اسم آخر', lang: 'en', ...same })
      .expect(200);
    expect(await met(editor)).toBe(403);
    expect(letters).toEqual([]);
  });

  it('in the same moment: no request of five that wait for the change gets through after it', async () => {
    const demoted = await anEditor(world, 'admin');
    const target = await anInvited();
    const held = world.dataSource.createQueryRunner();
    await held.startTransaction();
    // The demotion and what the demoted asks for all wait for this row, the demotion first.
    await held.query(`select from editors where id = $1 for update`, [admin.id]);
    const demotion = world.as(admin).patch(`${EDITORS}/${demoted.id}`, { version: 1, role: 'contributor' });
    const demotionAnswer = demotion.then((answer) => answer);
    await waiting(held, 1);
    const acts = Array.from({ length: 5 }, (_, n) =>
      world
        .as(demoted)
        .patch(`${EDITORS}/${target.id}`, { version: 1, name: `مختطف ${n}` })
        .then((answer) => answer),
    );
    // As many as may be at work at once: so each has passed the guard before the change, and waits.
    await waiting(held, 6);
    await held.commitTransaction();
    await held.release();
    expect((await demotionAnswer).status).toBe(200);
    expect((await Promise.all(acts)).map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 403));
    expect(await read(target.id)).toEqual(target);
  });
});

/** Resolves when so many statements of this database wait for a lock. @param asking has a connection of its own: the others may all be taken */
async function waiting(asking: QueryRunner, statements: number): Promise<void> {
  for (;;) {
    // Within a transaction the first look would be shown again and again.
    await asking.query(`select pg_stat_clear_snapshot()`);
    const [{ n }] = (await asking.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )) as [{ n: number }];
    if (n >= statements) return;
    await new Promise((resume) => setTimeout(resume, 5));
  }
}

describe('suspending', () => {
  it('closes the desk, takes back the links, and is lifted again', async () => {
    const editor = await anEditor(world, 'chief');
    await setPassword(editor.id);
    const door = `${EDITORS}/${editor.id}`;
    await world.dataSource.query(
      `insert into password_links (token_hash, editor_id, purpose, expires_at) values (sha256('x'), $1, 'reset', now() + interval '30 min')`,
      [editor.id],
    );
    const { body } = await world.as(admin).patch(door, { version: 1, suspended: true }).expect(200);
    expect(body).toMatchObject({ version: 2, state: 'suspended', lastSeenAt: null });
    expect(await links(editor.id)).toEqual([]);
    expect((await world.as(admin).patch(door, { version: 2, suspended: true }).expect(200)).body).toMatchObject({ state: 'suspended' });
    const put = await world.as(admin).put(door, { version: 3, email: editor.email, name: 'رئيسة', role: 'chief' }).expect(200);
    expect(put.body).toMatchObject({ state: 'suspended', name: 'رئيسة' });
    const back = await world.as(admin).patch(door, { version: 4, suspended: false }).expect(200);
    expect(back.body).toMatchObject({ state: 'active' });
    expect(await met(editor)).toBe(401);
    expect(await audited(editor.id)).toMatchObject([
      { before: { state: 'active' }, after: { state: 'suspended' } },
      { before: {}, after: {} },
      { after: { name: 'رئيسة' } },
      { before: { state: 'suspended' }, after: { state: 'active' } },
    ]);
  });

  it('of one who never set a password is lifted to invited, and the old link stays worthless', async () => {
    const editor = await anInvited();
    const door = `${EDITORS}/${editor.id}`;
    await world.as(admin).patch(door, { version: 1, suspended: true }).expect(200);
    expect(await links(editor.id)).toEqual([]);
    expect((await world.as(admin).patch(door, { version: 2, suspended: false }).expect(200)).body).toMatchObject({ state: 'invited' });
    expect(await links(editor.id)).toEqual([]);
    await world.as(admin).post(`${door}/invite`, { version: 3 }).expect(200);
    expect(await links(editor.id)).toHaveLength(1);
  });

  it('is nothing one does to oneself', async () => {
    const { body } = await world.as(admin).patch(`${EDITORS}/${admin.id}`, { version: 1, suspended: true }).expect(422);
    expect(body).toMatchObject({ code: 'suspends_self', errors: [{ field: 'suspended', rule: 'suspends_self' }] });
    expect(await read(admin.id)).toMatchObject({ version: 1, state: 'active' });
    expect(await met(admin)).toBe(200);
  });
});

describe('another address', () => {
  it('is told to the old one, and links sent there stop working', async () => {
    const editor = await anEditor(world, 'chief');
    await world.dataSource.query(
      `insert into password_links (token_hash, editor_id, purpose, expires_at) values (sha256('y'), $1, 'reset', now() + interval '30 min')`,
      [editor.id],
    );
    const email = anAddress();
    await world.as(admin).patch(`${EDITORS}/${editor.id}`, { version: 1, email }).expect(200);
    expect(letters).toMatchObject([{ kind: 'email_changed', to: editor.email }]);
    expect(letters[0]!.mail.text).not.toContain(email);
    expect(await links(editor.id)).toEqual([]);
    expect(await audited(editor.id)).toMatchObject([{ before: { email: editor.email }, after: { email } }]);
  });

  it('of one still invited gets an invitation of its own; the old one, perhaps a stranger’s, hears nothing', async () => {
    const editor = await anInvited();
    const [first] = await links(editor.id);
    letters.length = 0;
    const email = anAddress();
    await world.as(admin).patch(`${EDITORS}/${editor.id}`, { version: 1, email }).expect(200);
    expect(letters.map(({ kind, to }) => [kind, to])).toEqual([['invitation', email]]);
    const now = await links(editor.id);
    expect(now).toHaveLength(1);
    expect(now[0]!.token).not.toBe(first!.token);
  });
});

describe('inviting again', () => {
  it('replaces the link and sends it to the address', async () => {
    const editor = await anInvited();
    const [first] = await links(editor.id);
    letters.length = 0;
    const { body } = await world.as(admin).post(`${EDITORS}/${editor.id}/invite`, { version: 1 }).expect(200);
    expect(body).toEqual({ ...editor, version: 2 });
    expect(letters.map(({ kind, to }) => [kind, to])).toEqual([['invitation', editor.email]]);
    const now = await links(editor.id);
    expect(now).toHaveLength(1);
    expect(now[0]!.token).not.toBe(first!.token);
    expect(await audited(editor.id)).toMatchObject([
      {},
      { act: 'editors.invite', by: admin.id, before: {}, after: { email: editor.email } },
    ]);
  });

  it.each(['active', 'suspended'])('is refused for the %s', async (state) => {
    const editor = await anEditor(world, 'contributor');
    await world.dataSource.query(`update editors set state = $2 where id = $1`, [editor.id, state]);
    const { body } = await world.as(admin).post(`${EDITORS}/${editor.id}/invite`, { version: 1 }).expect(409);
    expect(body.code).toBe('wrong_state');
    expect(await read(editor.id)).toMatchObject({ version: 1, state });
    expect(letters).toEqual([]);
  });

  it.each([
    [{}, 'version'],
    [{ version: 1, email: 'a@center.example' }, 'email'],
  ])('refuses %j', async (body, field) => {
    const { id } = await anInvited();
    expect(fields((await world.as(admin).post(`${EDITORS}/${id}/invite`, body).expect(400)).body)).toEqual([field]);
  });
});

describe('the last admin', () => {
  let alone: TestApp;
  beforeEach(async () => {
    alone = await startTestApp();
  });
  afterEach(() => alone.close());

  const demotes = (
    by: TestEditor,
    whom: TestEditor,
    change: object = { role: 'contributor' },
  ): Promise<{ status: number; code?: string }> =>
    alone
      .as(by)
      .patch(`${EDITORS}/${whom.id}`, { version: 1, ...change })
      .then(({ status, body }) => ({ status, code: body.code as string | undefined }));
  const activeAdmins = async (): Promise<number[]> =>
    (await alone.dataSource.query<{ id: number }[]>(`select id from editors where role = 'admin' and state = 'active' order by id`)).map(
      ({ id }) => id,
    );

  it('stays one, however the role would be taken; an invited or suspended one does not count', async () => {
    const last = await anEditor(alone, 'admin');
    for (const state of ['invited', 'suspended']) {
      const other = await anEditor(alone, 'admin');
      await alone.dataSource.query(`update editors set state = $2 where id = $1`, [other.id, state]);
    }
    for (const role of ['chief', 'section_editor', 'contributor'])
      expect(await demotes(last, last, { role })).toEqual({ status: 409, code: 'last_admin' });
    const put = { version: 1, email: last.email, name: 'x', role: 'chief' };
    expect((await alone.as(last).put(`${EDITORS}/${last.id}`, put).expect(409)).body.code).toBe('last_admin');
    expect(await activeAdmins()).toEqual([last.id]);
    expect((await alone.as(last).patch(`${EDITORS}/${last.id}`, { version: 1, name: 'x' }).expect(200)).body.role).toBe('admin');
  });

  it('may be any but the last: an admin may step down while another is left', async () => {
    const [one, other] = [await anEditor(alone, 'admin'), await anEditor(alone, 'admin')];
    expect(await demotes(one, one)).toMatchObject({ status: 200 });
    expect(await activeAdmins()).toEqual([other.id]);
  });

  it.each([
    ['demote', { role: 'chief' }],
    ['suspend', { suspended: true }],
  ])('is left when two admins %s each other at once', async (_, change) => {
    const [one, other] = [await anEditor(alone, 'admin'), await anEditor(alone, 'admin')];
    const held = alone.dataSource.createQueryRunner();
    await held.startTransaction();
    await held.query(`select from editors for update`);
    // Both are let in by the guard, and wait for the same rows.
    const answers = Promise.all([demotes(one, other, change), demotes(other, one, change)]);
    await waiting(held, 2);
    await held.commitTransaction();
    await held.release();
    expect((await answers).map(({ status, code }) => [status, code]).toSorted()).toEqual([
      [200, undefined],
      [403, 'not_allowed'],
    ]);
    expect(await activeAdmins()).toHaveLength(1);
  });

  it('is left when eight admins step down at once', async () => {
    const admins = [];
    for (let n = 0; n < 8; n += 1) admins.push(await anEditor(alone, 'admin'));
    const answers = await Promise.all(admins.map((one) => demotes(one, one)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(answers.filter(({ code }) => code === 'last_admin')).toHaveLength(1);
    expect(await activeAdmins()).toHaveLength(1);
  });
});

describe('the list', () => {
  it('goes through all by name, page by page, each once, also while one is added', async () => {
    const names = ['ياسر', 'آمنة', 'Zoe', 'أحمد', 'Adam', 'إيمان', 'أحمد'];
    const mark = 'section_editor';
    const section = await aSection(world);
    for (const name of names) await anInvited({ name, role: mark, sections: [section.id] });
    const seen: EditorBody[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await world
        .as(admin)
        .get(`${EDITORS}?section=${section.id}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
        .expect(200);
      seen.push(...(body.items as EditorBody[]));
      if (cursor === '') await anInvited({ name: 'آدم', role: mark, sections: [section.id] });
      cursor = body.nextCursor as string | null;
    }
    const sorted = names.toSorted(new Intl.Collator('ar').compare);
    expect(seen.map(({ name }) => name)).toEqual(sorted);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(names.length);
    expect(await read(seen[0]!.id)).toEqual(seen[0]);
  });

  it('filters by role, state and section together', async () => {
    const section = await aSection(world);
    const asked = await anInvited({ role: 'section_editor', sections: [section.id] });
    const active = await anEditor(world, 'section_editor', section.id);
    const ids = async (query: string): Promise<number[]> =>
      (await world.as(admin).get(`${EDITORS}?limit=100&${query}`).expect(200)).body.items.map(({ id }: EditorBody) => id);
    expect((await ids(`section=${section.id}`)).toSorted()).toEqual([asked.id, active.id].toSorted());
    expect(await ids(`section=${section.id}&state=invited`)).toEqual([asked.id]);
    expect(await ids(`section=${section.id}&role=chief`)).toEqual([]);
    expect(await ids(`role=section_editor&state=active`)).toContain(active.id);
    expect(await ids(`section=2147483`)).toEqual([]);
  });

  it('shows when an editor was last there', async () => {
    const editor = await anEditor(world, 'chief');
    await met(editor);
    expect((await read(editor.id))['lastSeenAt']).toMatch(/^\d{4}-.*Z$/);
  });
});
