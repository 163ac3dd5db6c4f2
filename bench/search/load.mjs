// Puts a set of judged texts into a running center through the desk's doors, as an editor would.
// What score programs describe as data cannot make each section and each author once, so this is a program.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const LATIN = /^[\p{Script=Latin}\p{P}\s]+$/u;

/**
 * @param api where the doors are, up to and with /api/v1 @param token of an editor who may publish
 * @param documents `{ id, lang, section, author, publishedAt, title, summary, body }`
 * @returns ids of the set by the ids of the articles they became @throws Error for an answer other than 200 or 201
 */
export async function load({ api, token, documents }) {
  const post = async (path, body) => {
    const answer = await fetch(`${api}/desk/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const once = (make) => {
    const made = new Map();
    return (name) => made.get(name) ?? made.set(name, make(name)).get(name);
  };
  const sectionOf = once((name) => post('sections', { name: { ar: name } }));
  const authorOf = once((name) => post('authors', { name: LATIN.test(name) ? { en: name } : { ar: name } }));
  const map = {};
  for (const { id, lang, section, author, publishedAt, title, summary, body } of documents) {
    const { id: sectionId } = await sectionOf(section || 'عام');
    const draft = await post('articles', {
      lang,
      title,
      // Publication demands one; the title again adds no word.
      summary: summary || title,
      body: htmlOf(body),
      sectionId,
      authorIds: author ? [(await authorOf(author)).id] : [],
      ...(Date.parse(publishedAt) < Date.now() && { publishedAt }),
    });
    await post(`articles/${draft.id}/publish`, { version: draft.version });
    map[draft.id] = id;
  }
  return map;
}

function htmlOf(text) {
  const escaped = text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);
  return escaped
    .split(/\n+/)
    .map((paragraph) => `<p>${paragraph}</p>`)
    .join('');
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { api: { type: 'string' }, cases: { type: 'string' }, map: { type: 'string' }, email: { type: 'string' } },
  });
  const { api, cases, map, email } = values;
  if (!api || !cases || !map || !email || !process.env.PASSWORD) {
    process.stderr.write(
      'PASSWORD=… node bench/search/load.mjs --api http://127.0.0.1:3000/api/v1 --email ADDRESS --cases FILE --map FILE\n',
    );
    process.exit(2);
  }
  const answer = await fetch(`${api}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: process.env.PASSWORD }),
  });
  if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
  const { token } = await answer.json();
  const { documents } = JSON.parse(readFileSync(cases, 'utf8'));
  writeFileSync(map, JSON.stringify(await load({ api, token, documents })));
  process.stdout.write(`${documents.length} texts published\n`);
}
