import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sqlFaults, type SqlFault } from './sql-lint.js';

/** What enters SQL and is no literal beside it, each reviewed: why no client's value can be in it. By file and expression. */
const REVIEWED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'src/articles/articles.queries.ts': {
    hit: 'parameter of article(), which this file calls twice, with literals',
    "wholeArticle('$2', '$3::text')": 'columns of an article; its arguments are the names of parameters',
    "card('$1', '$2::text')": 'columns of a card; its arguments are the names of parameters',
    'walk(lists)': 'lists are written by FILTERS from the numbers of parameters',
  },
  'src/front/front.queries.ts': {
    "pieces('select f.id, f.lead_id, f.blocks from pub.front f')": 'the statement of this file; its argument is a literal',
  },
  'src/search/search.queries.ts': {
    'newestOf(EXACT)': 'an order and a limit; its argument is a constant',
    'newestOf(HEADS)': 'an order and a limit; its argument is a constant',
    'newestOf(COUNTED)': 'an order and a limit; its argument is a constant',
    "then('$11')": 'its argument is the name of a parameter',
    "then('$3')": 'its argument is the name of a parameter',
  },
  'src/backup/backup.ts': {
    SAME_TEXT: 'settings, all literals of tables.ts',
    'copyTo(statement)': 'written by PostgreSQL itself with format and %I',
  },
  'src/backup/restore.ts': {
    table: 'one of the list of tables.ts',
    SAME_TEXT: 'settings, all literals of tables.ts',
    drop: 'written by PostgreSQL itself with format and %I',
    name: 'of the archive, and looked up in the list of tables.ts before',
    add: 'written by PostgreSQL itself with format and pg_get_constraintdef',
    'copyFrom(statement)': 'written by PostgreSQL itself with format and %I',
  },
  'src/database/reader.ts': { settings: 'of the two furnishings in this file, both literals' },
  'src/doctor/doctor.service.ts': { sql: 'one of the list of invariants.queries.ts' },
  'src/doctor/invariants.queries.ts': { SWEEP_LOCK: 'a number, the constant of media/sweep-lock.ts' },
  'src/accounts/leftovers.service.ts': { statement: 'one of three literals beside it' },
  'src/accounts/credentials.service.ts': { condition: 'one of two literals by its type' },
  'src/articles/article-facts.ts': {
    "lineage('head.section_id')": 'its argument is the name of a column',
    "lineage('live.section_id')": 'its argument is the name of a column',
  },
  'src/articles/desk-articles.queries.ts': {
    "person('c')": 'its argument is an alias of this file',
    "person('e')": 'its argument is an alias of this file',
    "ARTICLE_STATES.map((state) => `'${state}', count(*) filter (where a.state = '${state}')`).join(', ')": 'a closed list of code',
    "conditions(editor, query, ofCounts, 'state', 'due')":
      'literals of this file with the numbers of parameters: values go through Values.add',
    'conditions(editor, query, values)': 'literals of this file with the numbers of parameters: values go through Values.add',
    'values.add(cursor.key)': 'the number of a parameter',
    'values.add(cursor.id)': 'the number of a parameter',
    'values.add(query.limit)': 'the number of a parameter',
  },
  'src/articles/previews.queries.ts': {
    "person('c')": 'its argument is an alias of this file',
    "wholeArticle('$2', '$3::text')": 'columns of an article; its arguments are the names of parameters',
  },
  'src/mail/relay.ts': { 'pieces()': 'a stream’s Readable.from, no query' },
  'src/send-to-friend/share-dispatch.job.ts': { sql: 'literals of the function around it' },
  'src/send-to-friend/shares.queries.ts': {
    hit: 'parameter of reading(), which this file calls twice, with literals',
    WAIT_HOURS: 'a number, the constant of share-limits.ts',
  },
  'src/mail/letter.tsx': { 'COMMA[lang]': 'joins names: no SQL' },
  'src/send-to-friend/share-links.service.ts': { hit: 'parameter of shared(), which this file calls twice, with literals' },
  'src/mail/mail.queries.ts': {
    sql: 'literals of this file',
    UNSENT_KEPT_HOURS: 'a number, the constant of kinds.ts',
    MAIL_LISTED_DAYS: 'a number, the constant of kinds.ts',
  },
  'src/articles/tags.queries.ts': {
    "bySlug('tags')": 'the argument is one of two table names by its type',
    "bySlug('series')": 'the argument is one of two table names by its type',
  },
  'src/authors/authors.queries.ts': {
    "profile('$1', '$5::text')": 'columns of a profile; its arguments are names of parameters',
    "profile('$2', '$3::text')": 'columns of a profile; its arguments are names of parameters',
  },
  'src/database/insert-with-slug.ts': {
    table: 'one of a closed list by its type',
    "names.join(', ')": 'names of columns, which every caller writes out',
    "names.map((_, index) => `$${index + 3}`).join(', ')": 'the names of parameters',
  },
  'src/database/migrate.ts': {
    sql: 'the public schema’s own statements and grants, from code; roles are named as the catalogue has them',
  },
  'src/database/public-views.ts': {
    "picture('t.portrait_id')": 'SQL of this file; its argument is the name of a column',
    "picture(`(select u.media_id from revision_media u where u.revision_id = r.id and u.place = 'cover')`)":
      'SQL of this file; its argument is a literal',
  },
  'src/database/reader-role.ts': {
    name: 'markaz_reader_ and hex digits derived from the secret',
    'scramVerifier(password)': 'base64 of a hash',
    setting: 'one of a list of this file',
    statement: 'written by PostgreSQL itself with format and %I',
  },
  'src/database/embedded/embedded-postgres.ts': { 'found.create_role': 'written by PostgreSQL itself with format, %I and %L' },
  'migrations/1-foundation.ts': { table: 'one of a list beside it', list: 'one of a list beside it' },
  'migrations/5-workflow.ts': { table: 'one of a list beside it' },
  'migrations/6-polls.ts': { column: 'one of a list beside it' },
  'src/polls/ballots.queries.ts': {
    "heldGroupOf('b', 'b.event_id')": 'the names of two rows of the statement',
    "heldGroupOf('j', 'event.id')": 'the names of two rows of the statement',
  },
  'src/polls/privacy.job.ts': { statement: 'one of a list of this file' },
};

const root = join(import.meta.dirname, '..');

function faultsOfTheHouse(): SqlFault[] {
  const files = ['src', 'migrations'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name).replaceAll('\\', '/')),
  );
  return files
    .filter((name) => /\.tsx?$/.test(name) && !/\.spec\.tsx?$/.test(name))
    .flatMap((name) => sqlFaults(name, readFileSync(join(root, name), 'utf8')));
}

describe('SQL', () => {
  it('holds nothing but what the code says beside it; what else enters it was reviewed', () => {
    const faults = faultsOfTheHouse();
    const unreviewed = faults.filter(({ file, expression }) => REVIEWED[file]?.[expression] === undefined);
    expect(
      unreviewed.map(({ file, line, expression }) => `${file}:${line} ${expression}`),
      'pass the value as $1; where it is from a closed list, say so in REVIEWED of test/sql-lint.e2e-spec.ts',
    ).toEqual([]);
    const stale = Object.entries(REVIEWED).flatMap(([file, expressions]) =>
      Object.keys(expressions).filter((expression) => !faults.some((fault) => fault.file === file && fault.expression === expression)),
    );
    expect(stale, 'reviewed once and gone: take it out of the list').toEqual([]);
  });

  it.each([
    ['a template with a value', 'tx.query(`select ${column} from t`)', ['column']],
    ['a sum', `tx.query('select * from t order by ' + sort)`, ['sort']],
    ['a sum in a sum', `tx.query('a' + ('b' + sort) + 'c')`, ['sort']],
    ['text made before', 'const text = `select ${column}`; tx.query(text, [])', ['column']],
    ['text made twice over', 'const a = `x ${b}`; const c = `${a} y`; tx.query(c)', ['b']],
    ['a parameter', 'function f(sql: string) { return tx.query(sql); }', ['sql']],
    ['a call', 'tx.query(build(input))', ['build(input)']],
    ['a property', 'tx.query(request.body.sql)', ['request.body.sql']],
    ['a choice', 'tx.query(up ? `a ${b}` : "c")', ['b']],
    ['a cast', 'tx.query((sql as string)!)', ['sql']],
    ['a name that stands for two things', 'const a = "x"; function f(a: string) { tx.query(`${a}`) }', ['a']],
    ['let, which may change', 'let a = "x"; tx.query(`${a}`)', ['a']],
    ['where', 'qb.where(`t.${column} = :v`, { v })', ['column']],
    ['andWhere', 'qb.andWhere("a = " + v)', ['v']],
    ['orderBy', 'qb.orderBy(sort, "ASC")', ['sort']],
    ['addSelect', 'qb.addSelect(`max(${column})`, "m")', ['column']],
    ['the condition of a join', 'qb.leftJoin("t.u", "u", `u.id = ${id}`)', ['id']],
    ['a prepared statement', 'const s = statement(`select ${column}`)', ['column']],
    ['a builder’s argument', 'tx.query(`select ${cursorSql("list", key, "id")}`)', ['key']],
  ])('with %s is found', (_, source, expressions) => {
    expect(sqlFaults('planted.ts', source).map(({ expression }) => expression)).toEqual(expressions);
  });

  it('is looked at in the file of queries that others import it from', () => {
    const queries = 'export const page = `select ${column} from t`;';
    expect(sqlFaults('src/x/x.queries.ts', queries).map(({ expression }) => expression)).toEqual(['column']);
    expect(sqlFaults('src/x/x.service.ts', `import { page } from './x.queries.js'; tx.query(page)`)).toEqual([]);
    expect(sqlFaults('src/x/x.service.ts', `import { page } from './elsewhere.js'; tx.query(page)`)).toHaveLength(1);
  });

  it.each([
    'tx.query(`select * from t where id = $1`, [id])',
    'tx.query("select " + "1")',
    'const COLUMNS = "a, b"; const text = `select ${COLUMNS} from t`; tx.query(text, [value])',
    'tx.query(up ? "a" : "b")',
    'rows.where({ id, version })',
    'statement(`select ${validity("clock.changed_at")}`)',
    'Array.from(input)',
  ])('that is all code passes: %s', (source) => {
    expect(sqlFaults('fine.ts', source)).toEqual([]);
  });
});
