import { execFile } from 'node:child_process';
import { createHash, createPublicKey, randomBytes, verify, type JsonWebKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Addresses } from '../src/http/addresses.js';
import { receiptOf } from '../src/polls/ballot-keys.js';
import { PollSecrets } from '../src/polls/poll-secrets.js';
import { SignedResults, type ResultStatement } from '../src/polls/signed-results.service.js';
import { aBallot, aPoll, anEditor, castAll, closePoll, type TestEditor, type TestPoll } from './factories.js';
import { startTestApp, type TestApp } from './test-app.js';

/** The signed count, checked as somebody would who trusts nothing but the two addresses. */

const DESK = '/api/v1/desk/polls';

let world: TestApp;
let chief: TestEditor;
beforeAll(async () => {
  world = await startTestApp();
  chief = await anEditor(world, 'chief');
});
afterAll(() => world.close());

const signedAt = (poll: { id: number }, query = ''): string => `/api/v1/polls/${poll.id}/results/signed${query}`;

const close = (poll: TestPoll): Promise<void> => closePoll(world, poll);

/** What an outsider makes of the two answers: nothing of ours is used. */
function checked(
  jws: { protected: string; payload: string; signature: string },
  keys: { keys: (JsonWebKey & { kid: string })[] },
): ResultStatement {
  const { alg, kid } = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as { alg: string; kid: string };
  expect(alg).toBe('EdDSA');
  const key = createPublicKey({ key: keys.keys.find((candidate) => candidate.kid === kid)!, format: 'jwk' });
  const signature = Buffer.from(jws.signature, 'base64url');
  expect(verify(null, Buffer.from(`${jws.protected}.${jws.payload}`), key, signature)).toBe(true);
  return JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as ResultStatement;
}

async function published(poll: TestPoll, query = ''): Promise<ResultStatement> {
  const [jws, keys] = [await world.get(signedAt(poll, query)).expect(200), await world.get('/.well-known/markaz-keys.json').expect(200)];
  return checked(jws.body, keys.body);
}

it('says the whole count, and every voter finds the own receipt in it', async () => {
  const poll = await aPoll(world, { maxChoices: 2, results: 'after_close', opensAt: '2026-05-01T10:00:00Z' });
  const nonces = [randomBytes(16), randomBytes(16)];
  const [a, b] = poll.optionIds;
  await castAll(world, [aBallot(poll, { nonce: nonces[0]!, optionIds: [b!, a!] }), aBallot(poll, { nonce: nonces[1]!, optionIds: [b!] })]);
  await close(poll);
  const statement = await published(poll);
  const receipts = nonces.map((nonce) => createHash('sha256').update(receiptOf(poll.secret, nonce)).digest('hex'));
  expect(statement).toEqual({
    poll: poll.id,
    question: { ar: 'ما رأيك؟', en: 'What do you think?' },
    level: 0,
    maxChoices: 2,
    opensAt: '2026-05-01T10:00:00.000Z',
    closesAt: expect.stringMatching(/^20\d\d-.*Z$/),
    totalBallots: 2,
    underReview: 0,
    removed: 0,
    removals: [],
    options: [
      { id: poll.optionIds[0], label: { ar: 'خيار 1', en: 'Option 1' }, ballots: 1 },
      { id: poll.optionIds[1], label: { ar: 'خيار 2', en: 'Option 2' }, ballots: 2 },
      { id: poll.optionIds[2], label: { ar: 'خيار 3', en: 'Option 3' }, ballots: 0 },
    ],
    receipts: receipts.toSorted(),
    edition: 1,
    signedAt: expect.stringMatching(/^20\d\d-.*Z$/),
    center: { name: { ar: 'مركز', en: 'Center', fr: 'Centre' }, url: 'https://center.example' },
  });
  expect(Object.keys(statement).slice(0, 3)).toEqual(['poll', 'question', 'level']);
});

it('is seen to be false when a letter of it is changed', async () => {
  const poll = await aPoll(world);
  await close(poll);
  const { body } = await world.get(signedAt(poll)).expect(200);
  const keys = (await world.get('/.well-known/markaz-keys.json').expect(200)).body;
  const forged = Buffer.from(Buffer.from(body.payload, 'base64url').toString().replace('"totalBallots":0', '"totalBallots":9')).toString(
    'base64url',
  );
  expect(() => checked({ ...body, payload: forged }, keys)).toThrow(/expected false to be true/);
});

it('is signed anew, as the next edition, after each correction of a closed poll', async () => {
  const poll = await aPoll(world);
  await castAll(
    world,
    Array.from({ length: 5 }, () => aBallot(poll)),
  );
  // Of an open poll nothing is signed.
  const { body: early } = await world
    .as(chief)
    .post(`${DESK}/${poll.id}/voids`, { filter: { status: 'counted' }, reason: 'مبكر' })
    .expect(201);
  await world.as(chief).post(`${DESK}/${poll.id}/voids/${early.id}/restore`, {}).expect(200);
  await close(poll);
  const { body } = await world
    .as(chief)
    .post(`${DESK}/${poll.id}/voids`, { filter: { status: 'counted' }, reason: 'برنامج' })
    .expect(201);
  expect(await published(poll)).toMatchObject({
    edition: 2,
    totalBallots: 0,
    removed: 5,
    removals: [{ ballots: 5, reason: 'برنامج' }],
    receipts: [],
  });
  await world.as(chief).post(`${DESK}/${poll.id}/voids/${body.id}/restore`, {}).expect(200);
  expect(await published(poll)).toMatchObject({ edition: 3, totalBallots: 5, removed: 0, removals: [] });
  expect(await published(poll, '?edition=1')).toMatchObject({ edition: 1, totalBallots: 5, removed: 0 });
  await world.get(signedAt(poll, '?edition=4')).expect(404);
  await world.get(signedAt(poll, '?edition=0')).expect(400);
});

it('has one edition for each of eight corrections at once, and the last one holds', async () => {
  const poll = await aPoll(world);
  await castAll(
    world,
    Array.from({ length: 8 }, () => aBallot(poll)),
  );
  await world.dataSource.query(
    `update ballots b set cast_at = date_trunc('minute', poll_now()) - n * interval '2 minutes' from (select id, row_number() over () as n from ballots where poll_id = $1) r where r.id = b.id`,
    [poll.id],
  );
  await close(poll);
  const times = await world.dataSource.query<{ at: Date }[]>(`select cast_at as at from ballots where poll_id = $1`, [poll.id]);
  const answers = await Promise.all(
    times.map(({ at }) =>
      world.as(chief).post(`${DESK}/${poll.id}/voids`, {
        filter: { from: at.toISOString(), to: new Date(at.getTime() + 60_000).toISOString() },
        reason: 'سبب',
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(times.map(() => 201));
  const editions = await world.dataSource.query<{ edition: number }[]>(`select edition from signed_results where poll_id = $1 order by 1`, [
    poll.id,
  ]);
  expect(editions.map(({ edition }) => edition)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(await published(poll)).toMatchObject({ edition: 9, totalBallots: 0, removed: 8 });
});

it('signs what closing leaves: the last crowd is judged before', async () => {
  const poll = await aPoll(world);
  const from = { networkKey: randomBytes(32), agentKey: randomBytes(32) };
  await castAll(world, [aBallot(poll), ...Array.from({ length: 151 }, () => aBallot(poll, from))]);
  await close(poll);
  expect(await published(poll)).toMatchObject({ edition: 1, totalBallots: 1, underReview: 151 });
  const { body } = await world.as(chief).get(`${DESK}/${poll.id}/reviews`).expect(200);
  await world.as(chief).post(`${DESK}/${poll.id}/reviews/${body.items[0].id}/release`, {}).expect(200);
  expect(await published(poll)).toMatchObject({ edition: 2, totalBallots: 152, underReview: 0 });
});

it('is not to be seen before the poll has closed, and never where results are the desk’s alone', async () => {
  for (const results of ['always', 'after_vote', 'after_close', 'never_public']) {
    const poll = await aPoll(world, { results });
    expect([results, (await world.get(signedAt(poll)).expect(403)).body.code]).toEqual([results, 'results_hidden']);
    await close(poll);
    await world.get(signedAt(poll)).expect(results === 'never_public' ? 403 : 200);
  }
  await world.get(signedAt(await aPoll(world, { state: 'draft' }))).expect(404);
  await world.get(signedAt(await aPoll(world, { opensAt: '2999-01-01T00:00:00Z' }))).expect(404);
  await world.get(signedAt({ id: 2_000_000_000 })).expect(404);
});

it('may be kept by caches and is asked for again by its tag', async () => {
  const poll = await aPoll(world);
  await close(poll);
  const first = await world.get(signedAt(poll)).expect(200);
  expect(first.headers).toMatchObject({ 'cache-control': 'public, max-age=0, must-revalidate', 'access-control-allow-origin': '*' });
  await world.get(signedAt(poll, '?lang=fr')).set('If-None-Match', first.headers['etag']!).expect(304);
  const keys = await world.get('/.well-known/markaz-keys.json').expect(200);
  expect(keys.headers).toMatchObject({ 'cache-control': 'public, max-age=0, must-revalidate', 'access-control-allow-origin': '*' });
  await world.get('/.well-known/markaz-keys.json').set('If-None-Match', keys.headers['etag']!).expect(304);
});

it('keeps the keys that signed before the installation’s secret was changed', async () => {
  const poll = await aPoll(world);
  await close(poll);
  const secret = randomBytes(32);
  const changed = new SignedResults(world.dataSource, world.app.get(Addresses), new PollSecrets(() => secret));
  const keys = JSON.parse((await changed.keys()).row.body) as Parameters<typeof checked>[1];
  expect(checked(JSON.parse((await changed.find(poll.id, undefined)).row.body), keys)).toMatchObject({ edition: 1 });

  const later = await aPoll(world);
  await world.tx(async (tx) => {
    await tx.query(`update polls set state = 'closed', closes_at = poll_now() where id = $1`, [later.id]);
    await changed.sign(tx, later.id);
  });
  const both = JSON.parse((await changed.keys()).row.body) as Parameters<typeof checked>[1];
  expect(new Set(both.keys.map(({ kid }) => kid)).size).toBe(both.keys.length);
  for (const { id } of [poll, later]) checked(JSON.parse((await changed.find(id, undefined)).row.body), both);
});

it('says nothing twice', async () => {
  const poll = await aPoll(world);
  await close(poll);
  await world.tx((tx) => world.app.get(SignedResults).sign(tx, poll.id));
  await world.get(signedAt(poll, '?edition=2')).expect(404);
});

it('is checked by the program that docs/polls.md prints', async () => {
  const text = readFileSync(join(import.meta.dirname, '../docs/polls.md'), 'utf8');
  const program = /```js\n([^]*?)```/.exec(text)![1]!;
  const folder = mkdtempSync(join(tmpdir(), 'markaz-check-'));
  writeFileSync(join(folder, 'check.mjs'), program);
  const poll = await aPoll(world);
  const nonce = randomBytes(16);
  await castAll(world, [aBallot(poll), aBallot(poll, { nonce })]);
  await close(poll);
  await world.app.listen(0, '127.0.0.1');
  const check = async (receipt: string): Promise<string> => {
    const env = { ...process.env, CENTER: await world.app.getUrl(), POLL: String(poll.id), RECEIPT: receipt };
    return (await promisify(execFile)(process.execPath, ['check.mjs'], { cwd: folder, env })).stdout;
  };
  try {
    expect(await check(receiptOf(poll.secret, nonce))).toBe(
      'The signature is good.\nEdition 1: 2 ballots counted, 2 receipts.\nYour ballot is among them.\n',
    );
    expect(await check('ABCDEFGHIJKLMNOP')).toContain('YOUR BALLOT IS NOT AMONG THEM.');
    await world.dataSource.query(
      `update signed_results set jws = jws || jsonb_build_object('payload', (select jws ->> 'payload' from signed_results where poll_id <> $1 limit 1)) where poll_id = $1`,
      [poll.id],
    );
    expect(await check('ABCDEFGHIJKLMNOP')).toContain('THE SIGNATURE IS FALSE.');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
