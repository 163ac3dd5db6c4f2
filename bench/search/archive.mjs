// A generated archive to search in, the same at every run: words as unevenly frequent as those of a language, each text its own.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { from as copyFrom } from 'pg-copy-streams';
import { fold, matchKey, sortKey } from '../../dist/src/text/fold.js';

export const SECTIONS = 12;
export const AUTHORS = 150;
export const YEARS = { first: 2005, last: 2024 };
/** One article of so many stays a draft, and one is in English. */
const DRAFTS = 20;
const ENGLISH = 25;
/** About 9 KB in UTF-8. */
const WORDS_IN_BODY = 760;
const BATCH = 5_000;

const ROOTS = 5_000;
const FUNCTION_WORDS =
  'في من على أن إلى عن التي الذي هذا هذه كان مع بعد قد كما بين لا ما كل قبل عند حتى أو ثم منذ خلال حيث لم غير ذلك'.split(' ');
/** Of three letters, words. Five are made of each root. */
const PATTERNS = [
  ([a, b, c]) => `${a}${b}${c}`,
  ([a, b, c]) => `${a}ا${b}${c}`,
  ([a, b, c]) => `م${a}${b}و${c}`,
  ([a, b, c]) => `${a}${b}ي${c}`,
  ([a, b, c]) => `ت${a}${b}ي${c}`,
  ([a, b, c]) => `م${a}ا${b}${c}ة`,
  ([a, b, c]) => `ا${a}ت${b}ا${c}`,
  ([a, b, c]) => `است${a}${b}ا${c}`,
  ([a, b, c]) => `${a}${b}ا${c}`,
  ([a, b, c]) => `${a}${b}و${c}`,
  ([a, b, c]) => `م${a}${b}${c}`,
  ([a, b, c]) => `أ${a}${b}ا${c}`,
];
const FORMS = [
  [0.42, (word) => word],
  [0.28, (word) => `ال${word}`],
  [0.06, (word) => `و${word}`],
  [0.05, (word) => `وال${word}`],
  [0.05, (word) => `بال${word}`],
  [0.05, (word) => `لل${word}`],
  [0.03, (word) => `${word.replace(/ة$/, '')}ات`],
  [0.03, (word) => `${word.replace(/ة$/, 'ت')}ه`],
  [0.02, (word) => `${word.replace(/ة$/, 'ت')}ها`],
  [0.01, (word) => `${word.replace(/ة$/, '')}ين`],
];
const LETTERS = 'بتثجحخدذرزسشصضطظعغفقكلمنهي';
const ENGLISH_WORDS = (
  'the of and in to a is for on with as by from at that this market village teacher river bridge harvest museum library engine winter summer ' +
  'letter station island garden doctor farmer writer council budget ministry company school student culture language history research report ' +
  'energy water climate forest desert coast harbour trade price wage factory worker union election party vote court law right freedom press ' +
  'paper story poem novel theatre music picture colour stone wood glass metal cotton wheat bread coffee sugar salt medicine hospital nurse ' +
  'patient disease vaccine science planet star moon telescope computer network phone screen program data number'
).split(' ');
const SECTION_SHARES = [0.3, 0.2, 0.14, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01, 0.007, 0.003];

/** A generator of numbers from 0 to 1 that repeats itself: mulberry32. */
export function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @returns a function that draws one of the things by their weights */
function drawing(things, weights) {
  const upTo = new Float64Array(things.length);
  let sum = 0;
  for (const [index, weight] of weights.entries()) upTo[index] = sum += weight;
  return (random) => {
    const wanted = random() * sum;
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] > wanted) high = middle;
      else low = middle + 1;
    }
    return things[low];
  };
}

/** Zipf's law as Mandelbrot corrected it: the n-th word is about as frequent as 1/n. */
const zipf = (count) => Array.from({ length: count }, (_, rank) => 1 / (rank + 2.7) ** 1.05);

/** Words without affixes, the most frequent first: as many as the language's writers use. */
export const STEMS = (() => {
  const random = chance(7);
  const letter = () => LETTERS[Math.floor(random() * LETTERS.length)];
  const stems = new Set();
  for (let root = 0; root < ROOTS; root += 1) {
    const letters = [letter(), letter(), letter()];
    for (let n = 0; n < 5; n += 1) stems.add(PATTERNS[Math.floor(random() * PATTERNS.length)](letters));
  }
  // Roots must not come in a row.
  return [...stems].map((stem) => [random(), stem]).sort(([a], [b]) => a - b).map(([, stem]) => stem); // prettier-ignore
})();
const drawStem = drawing(STEMS, zipf(STEMS.length));
const drawFunctionWord = drawing(FUNCTION_WORDS, zipf(FUNCTION_WORDS.length));
const drawForm = drawing(FORMS.map(([, form]) => form), FORMS.map(([share]) => share)); // prettier-ignore
const drawSection = drawing(Array.from(SECTION_SHARES, (_, index) => index + 1), SECTION_SHARES); // prettier-ignore
const drawAuthor = drawing(Array.from({ length: AUTHORS }, (_, index) => index + 1), zipf(AUTHORS)); // prettier-ignore
const drawEnglish = drawing(ENGLISH_WORDS, zipf(ENGLISH_WORDS.length));

/** @returns a sentence of so many words */
function sentence(random, words, english) {
  const written = [];
  for (let n = 0; n < words; n += 1) {
    if (english) written.push(drawEnglish(random));
    else written.push(random() < 0.22 ? drawFunctionWord(random) : drawForm(random)(drawStem(random)));
  }
  return written.join(' ');
}

/** @returns the text of one article; the same for the same number */
export function pieceOf(number, count) {
  const random = chance(number * 2_654_435_761);
  const english = number % ENGLISH === 1;
  const title = sentence(random, 4 + Math.floor(random() * 4), english);
  const paragraphs = Array.from({ length: 8 }, () =>
    Array.from({ length: 5 }, () => sentence(random, WORDS_IN_BODY / 40, english)).join('. '),
  );
  const begin = Date.UTC(YEARS.first, 0, 1);
  const span = Date.UTC(YEARS.last + 1, 0, 1) - begin;
  const first = drawAuthor(random);
  const second = random() < 0.1 ? drawAuthor(random) : first;
  return {
    id: number,
    lang: english ? 'en' : 'ar',
    live: number % DRAFTS !== 0,
    sectionId: drawSection(random),
    authorIds: second === first ? [first] : [first, second],
    publishedAt: new Date(begin + Math.floor(((number - 1 + random() * 0.9) * span) / count)),
    title,
    summary: sentence(random, 18, english),
    plain: paragraphs.join('.\n'),
  };
}

/**
 * Fills a migrated, empty database; nothing of it is indexed for search yet. Bodies as HTML are short: search reads the plain text.
 * @param client a connection of the database's owner
 * @param count articles, of which one in twenty is a draft
 */
export async function generateSearchArchive(client, count) {
  await names(client);
  await client.query(
    `create temp table pieces (id int, lang text, live bool, section_id int, author_ids int[], published_at timestamptz, title text, slug text, slug_encoded text, slug_folded text, summary text, plain text)`,
  );
  const guarded = ['articles', 'revision_authors', 'listings'];
  // The seal and the content clock look at each row; here there is nobody to guard against.
  for (const table of guarded) await client.query(`alter table ${table} disable trigger user`);
  for (let first = 1; first <= count; first += BATCH) {
    await client.query('begin');
    await client.query('truncate pieces');
    const rows = Readable.from(lines(first, Math.min(first + BATCH - 1, count), count));
    await pipeline(rows, client.query(copyFrom('copy pieces from stdin')));
    await publish(client);
    await client.query('commit');
    if (first === 1) await client.query('analyze');
  }
  for (const table of guarded) await client.query(`alter table ${table} enable trigger user`);
  for (const table of ['sections', 'authors', 'articles']) {
    await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
  }
  // Own tables by name: a bare VACUUM would warn of every catalogue that belongs to the superuser.
  const { rows } = await client.query(`select string_agg(quote_ident(relname), ', ') as tables from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`);
  await client.query(`vacuum analyze ${rows[0].tables}`);
}

/** Lines of COPY. */
function* lines(first, last, count) {
  for (let number = first; number <= last; number += 1) {
    const { id, lang, live, sectionId, authorIds, publishedAt, title, summary, plain } = pieceOf(number, count);
    const slug = `${title.replaceAll(' ', '-')}-${id}`;
    const cells = [id, lang, live, sectionId, `{${authorIds.join(',')}}`, publishedAt.toISOString(), title, slug, encodeURIComponent(slug), fold(slug), summary, plain.replaceAll('\n', '\\n')]; // prettier-ignore
    yield `${cells.join('\t')}\n`;
  }
}

async function names(client) {
  const rowsOf = (length, name) =>
    Array.from({ length }, (_, index) => ({ id: index + 1, slug: `${name}-${index + 1}`, slug_folded: fold(`${name}-${index + 1}`) }));
  const insert = (table, rows) =>
    client.query(
      `insert into ${table} (${Object.keys(rows[0]).join(', ')}) select ${Object.keys(rows[0]).join(', ')} from jsonb_populate_recordset(null::${table}, $1)`,
      [JSON.stringify(rows)],
    );
  await insert(
    'sections',
    rowsOf(SECTIONS, 'قسم').map((row) => ({ ...row, name: { ar: `قسم ${row.id}` }, position: row.id, description: {} })),
  );
  await insert(
    'authors',
    rowsOf(AUTHORS, 'كاتبة').map((row) => {
      const name = authorName(row.id);
      return { ...row, name: { ar: name }, affiliation: {}, bio: {}, honorific: {}, links: [], aliases: [], match_keys: [matchKey(name)], sort_key: sortKey(name) }; // prettier-ignore
    }),
  );
}

/** Made up, of letters as words are. */
export function authorName(id) {
  const random = chance(id + 1_000);
  const root = () => Array.from({ length: 3 }, () => LETTERS[Math.floor(random() * LETTERS.length)]);
  return `${PATTERNS[1](root())} ال${PATTERNS[3](root())}`;
}

async function publish(client) {
  await client.query(`insert into articles (id, lang) select id, lang from pieces`);
  await client.query(
    `insert into revisions (article_id, number, slug, slug_encoded, type, title, summary, body_source, body, contents, plain_text, words, reading_minutes,
       section_id, bibliography, sealed_at)
     select id, 1, slug, slug_encoded, 'analysis', title, summary, '', '<p>…</p>', '[]', plain, ${WORDS_IN_BODY}, 4, section_id, '[]', published_at
     from pieces order by id`,
  );
  await client.query(`insert into article_slugs (slug, slug_folded, article_id, public_since)
    select slug, slug_folded, id, published_at from pieces where live order by id`);
  await client.query(
    `insert into revision_authors (revision_id, position, author_id)
     select r.id, a.place - 1, a.author_id from pieces p join revisions r on r.article_id = p.id cross join unnest(p.author_ids) with ordinality a (author_id, place)
     order by 1, 2`,
  );
  await client.query(
    `update articles a set head_revision_id = r.id from pieces p join revisions r on r.article_id = p.id where a.id = p.id and not p.live`,
  );
  await client.query(
    `update articles a set live_revision_id = r.id, head_revision_id = r.id, state = 'published', status = 'published', published_at = p.published_at,
       updated_at = p.published_at, dateline = to_char(p.published_at, 'DD/MM/YYYY - HH24:MI')
     from pieces p join revisions r on r.article_id = p.id where a.id = p.id and p.live`,
  );
  await client.query(
    `insert into listings (list, published_at, article_id)
     select d.list, d.published_at, d.article_id from listings_definition d join pieces p on p.id = d.article_id order by 2, 3, 1`,
  );
}
