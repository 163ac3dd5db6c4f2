// A generated center of any size, the same at every run: shares of sections, authors, tags and types as uneven as those of a real one.
import { renditionsOf } from '../dist/src/media/renditions.js';
import { fold, matchKey, sortKey } from '../dist/src/text/fold.js';

/** Ids that the lists to measure are chosen by; what share of all articles stands in each. */
export const SECTIONS = { half: 1, fifth: 2, rare: 12 };
export const AUTHORS = { prolific: 1, typical: 7 };
export const TAGS = { common: 1, typical: 50 };
export const SERIES = 3;

/** Share of articles per section, in order of ids. The sixth stands under the third, and the ninth under the sixth. */
const SECTION_SHARES = [0.5, 0.2, 0.12, 0.07, 0.04, 0.025, 0.02, 0.01, 0.008, 0.004, 0.0025, 0.0005];
const SECTION_PARENTS = { 6: 3, 9: 6 };
const TYPE_SHARES = {
  news: 0.4,
  analysis: 0.25,
  report: 0.12,
  opinion: 0.1,
  study: 0.06,
  policy_paper: 0.04,
  translation: 0.025,
  review: 0.005,
};
const AUTHOR_COUNT = 300;
const TAG_COUNT = 500;
const SERIES_COUNT = 20;
/** Different covers; every piece has one, and every author a portrait. */
const COVER_COUNT = 5_000;
/** Different bodies; each is copied to many articles, because making 150,000 of them would measure nothing more. */
const TEXT_COUNT = 64;
const BATCH = 10_000;

const WORDS = (
  'النقل العام المدينة الحافلات الطرق التخطيط السكان المياه الزراعة الصحراء الواحة النخيل التعليم المدرسة الجامعة الكتاب القراءة ' +
  'اللغة الترجمة الصحافة الخبر المقال الدراسة البحث المكتبة الأرشيف الوثيقة التاريخ العمارة السوق التجارة الأسعار العمل الأجور ' +
  'الصناعة الطاقة الشمس الرياح الكهرباء المناخ الأمطار البحر الميناء الصيد السفر السياحة الصحة المستشفى الدواء الغذاء القمح ' +
  'الإدارة القانون البلدية الموازنة الضرائب الخدمات الشباب الأسرة الثقافة المسرح الموسيقى الرسم الخط التراث الحرف ' +
  'في على من إلى عن بين مع بعد قبل منذ حول كل هذه تلك التي الذي كيف لماذا متى ثم أو'
).split(' ');

/**
 * Fills a migrated, empty database: half of the articles have an older revision too, 5 % are English translations, dates run over twenty
 * years and a fifth of them are days without an hour, so that ties occur. Author 1 never writes in section 2: two long lists without a
 * common article, the worst that two filters can ask for.
 *
 * @param client a connection of the database's owner
 * @param count articles, all published; more than 1,000, or the rare lists stay empty
 */
export async function generateArchive(client, count) {
  await namesAndTexts(client);
  await client.query(`select setseed(0.7)`);
  await client.query(`create temp table pieces as ${pieces(count)}`);
  await client.query(`create index on pieces (id)`);
  await client.query(`analyze pieces`);
  const guarded = ['articles', 'revision_authors', 'revision_tags', 'revision_media', 'listings'];
  // The seal and the content clock look at each row; here there is nobody to guard against.
  for (const table of guarded) await client.query(`alter table ${table} disable trigger user`);
  for (let first = 1; first <= count; first += BATCH) {
    await publishPieces(client, first, Math.min(first + BATCH - 1, count));
    if (first === 1) await client.query(`analyze`);
  }
  for (const table of guarded) await client.query(`alter table ${table} enable trigger user`);
  for (const table of ['sections', 'media', 'authors', 'tags', 'series', 'articles']) {
    await client.query(`select setval(pg_get_serial_sequence($1, 'id'), (select max(id) from ${table}))`, [table]);
  }
  // Own tables by name: a bare VACUUM would warn of every catalogue that belongs to the superuser.
  const { rows } = await client.query(`select string_agg(quote_ident(relname), ', ') as tables from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`);
  await client.query(`vacuum analyze ${rows[0].tables}`);
}

async function namesAndTexts(client) {
  await client.query(`create temp table words (n serial, word text, folded text, encoded text)`);
  await client.query(`insert into words (word, folded, encoded) select * from unnest($1::text[], $2::text[], $3::text[])`, [
    WORDS,
    WORDS.map(fold),
    WORDS.map(encodeURIComponent),
  ]);
  await client.query(`select setseed(0.1)`);
  await client.query(`
    create temp table texts as
    select t as id, string_agg('<h2 id="h-' || p || '">تمهيد ' || p || '</h2><p>' || paragraph || '.</p>', E'\\n' order by p) as body,
      string_agg(paragraph || '.', E'\\n' order by p) as plain
    from generate_series(1, ${TEXT_COUNT}) t cross join generate_series(1, 8) p
    cross join lateral (
      select string_agg(w.words[1 + floor(random() * ${WORDS.length})::int], ' ') as paragraph
      from generate_series(1, 95) n cross join (select array_agg(word order by words.n) as words from words) w where n + t + p > 0) written
    group by t`);
  const rowsOf = (length, name) =>
    Array.from({ length }, (_, index) => ({ id: index + 1, slug: `${name}-${index + 1}`, name: { ar: `${name} ${index + 1}` } }));
  const insert = (table, rows) =>
    client.query(
      `insert into ${table} (${Object.keys(rows[0]).join(', ')}) select ${Object.keys(rows[0]).join(', ')} from jsonb_populate_recordset(null::${table}, $1)`,
      [JSON.stringify(rows)],
    );
  const folded = (row) => ({ ...row, slug_folded: fold(row.slug) });
  await insert(
    'sections',
    rowsOf(SECTION_SHARES.length, 'قسم').map((row) => ({
      ...folded(row),
      parent_id: SECTION_PARENTS[row.id] ?? null,
      position: row.id,
      description: {},
    })),
  );
  await insert(
    'authors',
    rowsOf(AUTHOR_COUNT, 'كاتبة').map((row) => {
      const name = `${WORDS[(row.id * 7) % WORDS.length]} ${WORDS[(row.id * 13) % WORDS.length]} ${row.id}`;
      return {
        ...folded(row),
        name: { ar: name, en: `Writer ${row.id}` },
        affiliation: { ar: 'مركز النخلة للدراسات' },
        bio: { ar: WORDS.slice(0, 40).join(' ') },
        honorific: {},
        links: [],
        aliases: [],
        match_keys: [matchKey(name)],
        sort_key: sortKey(name),
      };
    }),
  );
  await pictures(client);
  await insert('tags', rowsOf(TAG_COUNT, 'وسم').map(folded));
  await insert(
    'series',
    rowsOf(SERIES_COUNT, 'ملف').map((row) => ({ ...folded(row), description: {} })),
  );
}

/** Rows of pictures without their files: portraits first, then covers. */
async function pictures(client) {
  const size = { width: 1920, height: 1080 };
  await client.query(
    `insert into media (id, kind, state, file_name, width, height, alt, credit)
     select n, 'picture', 'ready', 'a.jpg', $2, $3, '{"ar": "جسر حجري على نهر", "en": "A stone bridge"}', '{"ar": "تصوير: قسم الصور"}' from generate_series(1, $1::int) n`,
    [AUTHOR_COUNT + COVER_COUNT, size.width, size.height],
  );
  await client.query(
    `insert into media_files (media_id, name, type, width, height, bytes, sha256)
     select m.id, f.name, f.type, f.width, f.height, 1000, '\\x00' from media m cross join jsonb_to_recordset($1) f (name text, type text, width int, height int)
     order by m.id`,
    [JSON.stringify([{ name: 'original.jpg', type: 'image/jpeg', ...size }, ...renditionsOf(size)])],
  );
  await client.query(`update authors set portrait_id = id`);
}

/** What is drawn for each article, by chance that repeats itself. */
function pieces(count) {
  const upTo = (shares) => `array[${shares.map((_, index) => shares.slice(0, index).reduce((sum, share) => sum + share, 0))}]::float8[]`;
  const other = (most) => `2 + floor(random() * ${most - 1})::int`;
  return `
    select n as id, case n % 20 when 0 then 'en' else 'ar' end as lang,
      case n % 20 when 0 then n - 1 when 19 then n end as translation_group,
      case when n % 5 = 0 then date_trunc('day', moment) else date_trunc('milliseconds', moment) end as published_at,
      section_id,
      (array['${Object.keys(TYPE_SHARES).join("','")}'])[width_bucket(random(), ${upTo(Object.values(TYPE_SHARES))})] as type,
      case when section_id <> ${SECTIONS.fifth} and random() < 0.375 then ${AUTHORS.prolific} else ${other(AUTHOR_COUNT)} end as author_id,
      case when random() < 0.1 then ${other(AUTHOR_COUNT)} end as second_author_id,
      array[${other(TAG_COUNT)}, ${other(TAG_COUNT)},
        case when random() < 0.1 then ${TAGS.common} when random() < 0.45 then ${other(TAG_COUNT)} end] as tag_ids,
      case when random() < 0.03 then 1 + floor(random() * ${SERIES_COUNT})::int end as series_id,
      1 + floor(random() * ${TEXT_COUNT})::int as text_id,
      array(select 1 + floor(random() * ${WORDS.length})::int from generate_series(1, 7) where n > 0) as title
    from (
      select n, width_bucket(random(), ${upTo(SECTION_SHARES)}) as section_id,
        timestamptz '2006-01-01 00:00Z' + (n - 1 + random() * 0.9) * (interval '7300 days' / ${count}) as moment
      from generate_series(1, ${count}) n) drawn`;
}

/** Drafts, revises and publishes one batch, in the order in which a living center would. */
async function publishPieces(client, first, last) {
  const range = [first, last];
  const line = (column, separator) => `(select string_agg(w.${column}, '${separator}' order by u.place)
    from unnest(p.title) with ordinality u (n, place) join words w on w.n = u.n)`;
  await client.query('begin');
  await client.query(
    `insert into articles (id, lang, translation_group) select id, lang, translation_group from pieces where id between $1 and $2`,
    range,
  );
  await client.query(
    `insert into revisions (article_id, number, slug, slug_encoded, type, kicker, title, summary, body_source, body, contents, plain_text, words,
       reading_minutes, section_id, series_id, series_position, bibliography, sealed_at)
     select p.id, number, written.slug || '-' || p.id, ${line('encoded', '-')} || '-' || p.id, p.type, 'تقرير', written.title, written.title || '؛ ' || written.title,
       t.body, t.body, '[{"id": "h-1", "level": 2, "text": "تمهيد 1"}, {"id": "h-2", "level": 2, "text": "تمهيد 2"}]', t.plain, 760, 4,
       p.section_id, p.series_id, case when p.series_id is not null then p.id end,
       '[{"title": "دليل النقل الحضري", "source": null, "url": "https://example.org/guide", "accessed": null}]', p.published_at
     from pieces p
     join texts t on t.id = p.text_id
     cross join lateral (select ${line('word', ' ')} as title, ${line('word', '-')} as slug) written
     cross join generate_series(1, 2 - p.id % 2) number
     where p.id between $1 and $2 order by p.id, number`,
    range,
  );
  await client.query(
    `insert into article_slugs (slug, slug_folded, article_id, public_since)
     select ${line('word', '-')} || '-' || p.id, ${line('folded', '-')} || '-' || p.id, p.id, p.published_at
     from pieces p where p.id between $1 and $2`,
    range,
  );
  await client.query(
    `insert into revision_authors (revision_id, position, author_id)
     select r.id, 0, p.author_id from pieces p join revisions r on r.article_id = p.id where p.id between $1 and $2
     union all
     select r.id, 1, p.second_author_id from pieces p join revisions r on r.article_id = p.id
     where p.id between $1 and $2 and p.second_author_id <> p.author_id
     order by 1, 2`,
    range,
  );
  await client.query(
    `insert into revision_media (revision_id, media_id, place)
     select r.id, $3 + r.article_id % $4, 'cover' from revisions r where r.article_id between $1 and $2 order by r.id`,
    [...range, AUTHOR_COUNT + 1, COVER_COUNT],
  );
  await client.query(
    `insert into revision_tags (revision_id, tag_id)
     select distinct r.id, tag_id from pieces p join revisions r on r.article_id = p.id cross join unnest(p.tag_ids) tag_id
     where p.id between $1 and $2 and tag_id is not null order by 1, 2`,
    range,
  );
  await client.query(
    `update articles a set live_revision_id = r.id, head_revision_id = r.id, state = 'published', status = 'published', published_at = p.published_at, updated_at = p.published_at,
       dateline = to_char(p.published_at, 'DD/MM/YYYY - HH24:MI')
     from pieces p join revisions r on r.article_id = p.id and r.number = 2 - p.id % 2
     where a.id = p.id and p.id between $1 and $2`,
    range,
  );
  await client.query(
    `insert into listings (list, published_at, article_id)
     select list, published_at, article_id from listings_definition where article_id between $1 and $2 order by published_at, article_id, list`,
    range,
  );
  await client.query('commit');
}
