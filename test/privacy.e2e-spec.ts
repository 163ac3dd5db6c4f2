import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEVICE_DAYS, SESSION_DAYS, SESSION_IDLE_HOURS } from '../src/accounts/leftovers.service.js';
import { PREVIEWS_KEPT_DAYS } from '../src/articles/preview-retention.job.js';
import { RELOAD_MS } from '../src/http/visits.js';
import { WORK_MINUTES } from '../src/http/work.js';
import { MAIL_LISTED_DAYS, UNSENT_KEPT_HOURS } from '../src/mail/kinds.js';
import { VOTE_LINK_HOURS } from '../src/polls/confirmations.service.js';
import { PLACES_KEPT_HOURS, VOTERS_KEPT_DAYS } from '../src/polls/privacy.job.js';
import { READER_SECONDS } from '../src/polls/reader-cookie.js';
import { MOST_READ_DAYS } from '../src/readership/periods.js';
import { PROVEN_SECONDS } from '../src/send-to-friend/sender-cookie.js';
import { MONTH, SHARES_KEPT_DAYS, WAIT_HOURS } from '../src/send-to-friend/share-limits.js';
import { TOPICS, type Topic } from '../src/site/privacy.words.js';
import { LANGS } from '../src/text/language.js';
import { anArticle, aPoll } from './factories.js';
import { PAGE_POLICY } from './page-policy.js';
import { startTestApp, type TestApp } from './test-app.js';

/** The page that says what is kept of readers: a statement that is not true is its worst fault. */

let world: TestApp;
beforeAll(async () => {
  world = await startTestApp();
});
afterAll(() => world.close());

async function page(query = ''): Promise<string> {
  const { body, statusCode } = await world.app.inject({ method: 'GET', url: `/privacy${query}` });
  expect(statusCode).toBe(200);
  return body;
}

/** The text below each heading. */
function topicsOf(body: string): Record<string, string> {
  const sections = body.matchAll(/<section id="(\w+)"><h2>[^<]+<\/h2>((?:<p>[^<]+<\/p>)+)<\/section>/g);
  return Object.fromEntries([...sections].map(([, topic, text]) => [topic, text!.replaceAll(/<[^>]*>/g, ' ')]));
}

const days = (seconds: number): number => seconds / 86_400;

/** Every number of the page, below its heading, in the order of the text. */
const NUMBERS: Readonly<Record<Topic, readonly number[]>> = {
  reading: [],
  counts: [MOST_READ_DAYS, RELOAD_MS / 60_000],
  votes: [days(READER_SECONDS), VOTERS_KEPT_DAYS, PLACES_KEPT_HOURS, PLACES_KEPT_HOURS, VOTE_LINK_HOURS, VOTERS_KEPT_DAYS],
  shares: [WAIT_HOURS, SHARES_KEPT_DAYS, WAIT_HOURS, days(PROVEN_SECONDS)],
  letters: [UNSENT_KEPT_HOURS, MAIL_LISTED_DAYS],
  limits: [days(MONTH), WORK_MINUTES],
  editors: [SESSION_IDLE_HOURS, SESSION_DAYS, DEVICE_DAYS, PREVIEWS_KEPT_DAYS],
  backups: [],
  others: [],
};

it.each(LANGS)('says in %s for how long, by the constants that the code goes by and no other number', async (lang) => {
  const topics = topicsOf(await page(`?lang=${lang}`));
  expect(Object.keys(topics)).toEqual([...TOPICS]);
  for (const topic of TOPICS) expect([topic, (topics[topic]!.match(/\d+/g) ?? []).map(Number)]).toEqual([topic, NUMBERS[topic]]);
});

it('has no number written into its words, so that each comes from a constant', () => {
  const words = readFileSync(join(import.meta.dirname, '../src/site/privacy.words.ts'), 'utf8');
  expect(words.match(/.*\p{N}.*/gu)).toBeNull();
});

it('writes durations as each language does', async () => {
  expect(await page('?lang=ar')).toContain('مدة 30 دقيقة بصمة');
  expect(await page('?lang=en')).toContain('remembers for 30 minutes a hash');
  expect(await page('?lang=fr')).toMatch(/retient pendant 30\s+minutes une empreinte/);
});

/** Where the page speaks of what a table knows of people; or why it knows nothing of readers. */
const TOLD: Readonly<Record<string, Topic | { readonly not: string }>> = {
  ad_days: 'counts',
  api_tokens: 'editors',
  article_views: 'counts',
  audit_log: 'editors',
  ballot_choices: 'votes',
  ballot_confirmations: 'votes',
  ballot_groups: 'votes',
  ballot_voids: 'votes',
  ballots: 'votes',
  counted_receipts: 'votes',
  editor_passwords: 'editors',
  editors: 'editors',
  known_devices: 'editors',
  mail_outbox: 'letters',
  mail_suppressions: 'shares',
  network_salts: 'votes',
  password_links: 'editors',
  poll_events: 'votes',
  polls: 'votes',
  preview_links: 'editors',
  rate_buckets: 'limits',
  recovery_codes: 'editors',
  reset_requests: 'editors',
  second_factors: 'editors',
  sessions: 'editors',
  share_confirmations: 'shares',
  share_counts: 'shares',
  share_recipients: 'shares',
  shares: 'shares',
  signed_results: 'votes',
  authors: { not: 'the public profiles of authors' },
  center: { not: 'the center’s own contact' },
  imported_pages: { not: 'the hash of a page of an old site' },
  media_files: { not: 'the hash of a file' },
  old_addresses: { not: 'addresses of pages' },
};

/** Columns that may tell of a person, by their names. */
const PERSONAL = /(?:^|_)(?:ip|e?mail|address(?:es)?|hash|sha256|nonce|secret|salt|agent|network|token|cookie|receipt|phone|contact|enc|caused|keys?|votes?|views?|clicks?|letters)(?:_|$)/; // prettier-ignore
/** Of such names those that tell of none, wherever they stand. */
const IMPERSONAL = ['center.mail_sharing', 'center.contact', 'authors.match_keys', 'authors.sort_key', 'mail_outbox.dedupe_key', 'series.key', 'audit_log.token']; // prettier-ignore

it('speaks of every table that may know something of a reader', () => {
  const schema = readFileSync(join(import.meta.dirname, '../migrations/schema.txt'), 'utf8');
  const columns = [...schema.matchAll(/^column public\.(\w+)\.(\w+) /gm)].map(([, table, column]) => [table!, column!] as const);
  const tables = new Set(columns.map(([table]) => table));
  const personal = columns.filter(([table, column]) => PERSONAL.test(column) && !IMPERSONAL.includes(`${table}.${column}`));
  expect(
    [...new Set(personal.map(([table]) => table))].filter((table) => !(table in TOLD)),
    'say on /privacy what is kept, or here why it tells of nobody',
  ).toEqual([]);
  expect(Object.keys(TOLD).filter((table) => !tables.has(table))).toEqual([]);
  // The rule sees what it is for.
  for (const column of ['ip', 'client_ip', 'email_canonical', 'address_hash', 'reader_nonce', 'network_key', 'to_enc', 'views'])
    expect([column, PERSONAL.test(column)]).toEqual([column, true]);
});

it('is led to from every page with the ways to others, and from where something is asked', async () => {
  const { id, slug } = await anArticle(world);
  const poll = await aPoll(world);
  for (const path of ['/', '/about', '/authors', '/search', '/polls', '/nobody', `/articles/${id}/${encodeURIComponent(slug)}`, `/articles/${id}/${encodeURIComponent(slug)}/send`, `/polls/${poll.id}`]) {
    const { body } = await world.app.inject({ method: 'GET', url: `${path}?lang=fr` });
    expect([path, body.includes('<a href="/privacy?lang=fr">Confidentialité</a>')]).toEqual([path, true]);
  }
}); // prettier-ignore

it('says who is responsible, and is published content', async () => {
  await world.dataSource.query(`update center set contact = '{"email": "info@center.example", "address": {"ar": "القاهرة"}}'`);
  const answer = await world.app.inject({ method: 'GET', url: '/privacy?lang=en&utm_source=x', headers: { cookie: 'rv=x; sv=y' } });
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'public, max-age=0, must-revalidate',
    'content-security-policy': PAGE_POLICY,
    etag: expect.stringMatching(/^"[\w-]{27}"$/),
    'last-modified': expect.stringMatching(/ GMT$/),
  });
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect(answer.body).toContain('<link rel="canonical" href="https://center.example/privacy"/>');
  expect(answer.body).toMatch(/Responsible for this site:.*<a href="mailto:info@center.example"><bdi dir="ltr">info@center.example<\/bdi><\/a>.*<bdi lang="ar" dir="rtl">القاهرة<\/bdi>/s); // prettier-ignore
  expect((await page('?lang=en')) === answer.body).toBe(true);
});
