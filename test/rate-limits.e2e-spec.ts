import { randomUUID } from 'node:crypto';
import { RateLimits, type Bucket } from '../src/http/rate-limits.js';
import { startTestApp, type TestApp } from './test-app.js';

let world: TestApp;
let limits: RateLimits;

beforeAll(async () => {
  world = await startTestApp();
  limits = world.app.get(RateLimits);
});
afterAll(() => world.close());

const bucket = (given: Partial<Bucket> = {}): Bucket => ({ name: randomUUID(), of: 'somebody', limit: 5, seconds: 3_600, ...given });

it('grants each of several claims for itself, in their order', async () => {
  const [full, free] = [bucket({ limit: 1 }), bucket()];
  expect(await limits.claimEach([full, free])).toEqual([null, null]);
  const [refused, granted] = await limits.claimEach([full, free]);
  expect(refused).toBeGreaterThan(3_590);
  expect(granted).toBeNull();
  expect(await limits.isFull([full, free])).toEqual([true, false]);
});

it('grants a claim of several whole or not at all', async () => {
  const ten = bucket({ limit: 10 });
  expect(await limits.claim({ ...ten, count: 8 })).toBeNull();
  expect(await limits.claim({ ...ten, count: 3 })).toBeGreaterThan(0);
  expect(await limits.isFull([ten, { ...ten, count: 2 }, { ...ten, count: 3 }])).toEqual([false, false, true]);
  expect(await limits.claim({ ...ten, count: 2 })).toBeNull();
  expect(await limits.claim(ten)).toBeGreaterThan(0);
  // More than there ever is room for, of a bucket that nobody has claimed yet.
  expect(await limits.claim(bucket({ limit: 2, count: 3 }))).toBe(3_600);
});

it('grants a hundred at once no more than one after another, whatever else they claim', async () => {
  const [own, all] = [bucket({ limit: 30, count: 3 }), bucket({ limit: 50 })];
  const claims = await Promise.all(Array.from({ length: 100 }, () => limits.claimEach([own, all])));
  expect(claims.filter(([wait]) => wait === null)).toHaveLength(10);
  expect(claims.filter(([, wait]) => wait === null)).toHaveLength(50);
});

it('forgets a claim that is rolled back, and begins anew when its time is over', async () => {
  const one = bucket({ limit: 1 });
  await expect(
    world.tx(async (tx) => {
      expect(await limits.claim(one, tx)).toBeNull();
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  expect(await limits.claim(one)).toBeNull();
  expect(await limits.claim(one)).toBeGreaterThan(0);
  await world.dataSource.query(`update rate_buckets set resets_at = now()`);
  expect(await limits.isFull([one])).toEqual([false]);
  expect(await limits.claim(one)).toBeNull();
});
