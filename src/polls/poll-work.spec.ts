import { randomBytes } from 'node:crypto';
import { createChallenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Challenge, ChallengeParameters, Payload } from 'altcha-lib/types';
import { PollSecrets } from './poll-secrets.js';
import { PollWork } from './poll-work.js';

const secrets = new PollSecrets((purpose) => Buffer.from(purpose.padEnd(32)));
const work = new PollWork(secrets);
const nonce = randomBytes(16);

/** Searches are told the counter, or the tests would wait for them. */
async function solved(challenge: Challenge): Promise<Payload> {
  return { challenge, solution: (await solveChallenge({ challenge, deriveKey }))! };
}

const code = async (...given: Parameters<PollWork['refusalOf']>): Promise<string | undefined> => (await work.refusalOf(...given))?.code;

it('takes the solution for its ballot in its poll, within ten minutes', async () => {
  const done = await solved(await work.challenge(7, nonce, 1));
  expect(await code(7, nonce, done)).toBeUndefined();
  expect(await code(7, nonce, undefined)).toBe('work_required');
  expect(await code(8, nonce, done)).toBe('work_invalid');
  expect(await code(7, randomBytes(16), done)).toBe('work_invalid');

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 9.9 * 60_000 });
  expect(await code(7, nonce, done)).toBeUndefined();
  vi.setSystemTime(Date.now() + 0.2 * 60_000);
  expect(await code(7, nonce, done)).toBe('work_expired');
  vi.useRealTimers();
});

it('lets nothing of a challenge be changed', async () => {
  const { challenge, solution } = await solved(await work.challenge(7, nonce, 1));
  const { parameters } = challenge;
  const later = parameters.expiresAt! + 3_600;
  const changes: Record<string, object> = {
    'later end': { expiresAt: later },
    'no end': { expiresAt: undefined },
    'end 0': { expiresAt: 0 },
    'end null': { expiresAt: null },
    'end as text': { expiresAt: String(later) },
    'end in data as well': { data: { ...parameters.data, expiresAt: later } },
    'another poll': { data: { ...parameters.data, poll: 8 } },
    'no data': { data: undefined },
    'data null': { data: null },
    'data as text': { data: 'poll' },
    'lower cost': { cost: 1 },
    'empty prefix': { keyPrefix: '' },
    'shorter prefix': { keyPrefix: parameters.keyPrefix.slice(0, 2) },
    'other algorithm': { algorithm: 'SHA-256' },
    'shorter key': { keyLength: 16 },
    'no key signature': { keySignature: undefined },
    'other nonce': { nonce: '00'.repeat(16) },
    'other salt': { salt: '00'.repeat(16) },
    'one more parameter': { memoryCost: 1 },
    // CVE-2025-68113: what was signed as one text could be cut elsewhere.
    'digits moved from the cost to the end': { cost: 100, expiresAt: Number(`${parameters.expiresAt}0`) },
  };
  const codes: Record<string, string | undefined> = {};
  for (const [name, change] of Object.entries(changes)) {
    const changed = { ...parameters, ...change } as ChallengeParameters;
    codes[name] = await code(7, nonce, { challenge: { ...challenge, parameters: changed }, solution });
  }
  expect(codes).toEqual(Object.fromEntries(Object.keys(changes).map((name) => [name, 'work_invalid'])));
  expect(await code(7, nonce, { challenge: { ...challenge, signature: '' }, solution })).toBe('work_invalid');
  expect(await code(7, nonce, { challenge: { parameters }, solution })).toBe('work_invalid');
  expect(await code(7, nonce, { challenge, solution })).toBeUndefined();
});

it('takes no parts of several challenges, and none that another secret has signed', async () => {
  const [mine, others] = await Promise.all(
    [work.challenge(7, nonce, 1), work.challenge(7, randomBytes(16), 1)].map(async (one) => solved(await one)),
  );
  expect(await code(7, nonce, { challenge: mine!.challenge, solution: others!.solution })).toBe('work_invalid');
  expect(
    await code(7, nonce, { challenge: { ...mine!.challenge, signature: others!.challenge.signature! }, solution: mine!.solution }),
  ).toBe('work_invalid');
  expect(
    await code(7, nonce, { challenge: { ...others!.challenge, signature: mine!.challenge.signature! }, solution: mine!.solution }),
  ).toBe('work_invalid');
  for (const key of ['00', secrets.readers.toString('hex'), secrets.solutions.toString('hex')]) {
    const { data, expiresAt } = mine!.challenge.parameters;
    const own = await createChallenge({
      algorithm: 'PBKDF2/SHA-256',
      cost: 1,
      counter: 1,
      data,
      deriveKey,
      expiresAt,
      hmacSignatureSecret: key,
      hmacKeySignatureSecret: key,
    });
    expect(await code(7, nonce, await solved(own))).toBe('work_invalid');
  }
});

it('takes no solution but the right one', async () => {
  const { challenge, solution } = await solved(await work.challenge(7, nonce, 1));
  const wrong = {
    prefix: challenge.parameters.keyPrefix,
    short: solution.derivedKey.slice(0, -2),
    upper: solution.derivedKey.toUpperCase(),
    empty: '',
    words: 'نعم',
  };
  for (const [name, derivedKey] of Object.entries(wrong))
    expect([name, await code(7, nonce, { challenge, solution: { ...solution, derivedKey } })]).toEqual([name, 'work_invalid']);
  for (const counter of [-1, 1.5, 2 ** 33, Number.NaN])
    expect([counter, await code(7, nonce, { challenge, solution: { ...solution, counter } })]).toEqual([counter, 'work_invalid']);
});

it('asks for more tries under pressure, up to a limit, and never for dearer ones', async () => {
  const LIMITS = { 1: 600, 2: 1_200, 1_024: 8_000 };
  for (const [factor, most] of Object.entries(LIMITS)) {
    const challenge = await work.challenge(7, nonce, Number(factor));
    expect(challenge.parameters.cost).toBe(1_000);
    expect((await solved(challenge)).solution.counter).toBeLessThan(most);
  }
});
