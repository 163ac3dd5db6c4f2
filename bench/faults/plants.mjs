// Bugs to plant in the built code, each of which a check must find: a check that cannot fail shows nothing. The house's own code has no
// switch for them; `node --import` rewrites one line of one module while it is loaded.
import { pathToFileURL } from 'node:url';

/** Name → module, what stands there, what stands there instead; or several of these. */
export const PLANTS = {
  'sent-at-claim': [
    'mail/postman.service.js',
    'await this.record(mail, await this.attempt(lane, mail, signal));',
    `await this.record(mail, { state: 'sent' }); await this.attempt(lane, mail, signal);`,
  ],
  'new-message-id': [
    'mail/composed.js',
    'messageId,\n        date,',
    'messageId: `<${crypto.randomUUID()}@center.example>`,\n        date,',
  ],
  'never-taken-over': [
    'mail/mail.queries.js',
    `where lane = $1 and state in ('waiting', 'sending')`,
    `where lane = $1 and state in ('waiting')`,
  ],
  'share-taken-again': [
    ['mail/mail.queries.js', 'and handoff_at is null and ${DUE_AT}', 'and ${DUE_AT}'],
    // Or it could not be handed over a second time.
    ['mail/mail.queries.js', ' and locked_until > now() and handoff_at is null`', '`'],
    // Nor may the sweep come first.
    ['mail/mail.queries.js', `where state = 'sending' and handoff_at is not null and`, `where false and`],
  ],
  'share-no-handoff': ['mail/postman.service.js', 'once ? handOver : undefined', 'undefined'],
  'share-one-lane': ['mail/mail.queries.js', 'where lane = $1 and state in', 'where $1::text is not null and state in'],
  'schedule-unguarded': [
    ['articles/schedule.job.js', 'limit 1 for update of a skip locked', 'limit 1'],
    ['articles/article-facts.js', '.update({ id, version }, {', '.update({ id }, {'],
  ],
  'schedule-marked-first': [
    'articles/schedule.job.js',
    'due = claimed;',
    `due = claimed; await this.dataSource.query('update article_schedules set failed_at = now() where article_id = $1', [due.id]);`,
  ],
  // Together with the constraints, which bench/faults/votes.mjs drops.
  'vote-unconstrained': ['polls/ballots.queries.js', '    on conflict do nothing', ''],
  'vote-acknowledged-first': [
    'polls/ballot-box.js',
    'const rows = await this.store(',
    `for (const { answer } of group) answer({ n: 1, outcome: 'cast', status: 'counted', ballot_id: null });
     await new Promise((resume) => setTimeout(resume, 200));
     const rows = await this.store(`,
  ],
  'media-row-without-files': ['media/media.job.js', 'await this.storage.remove(left.id);', ''],
  'media-never-swept': ['media/media.job.js', `state in ('arriving', 'removed')`, `state in ('removed')`],
  'media-acknowledged-first': [
    'media/uploads.service.js',
    'await this.storage.rename(id, UPLOAD, DOCUMENT_NAME);',
    'setTimeout(() => void this.storage.rename(id, UPLOAD, DOCUMENT_NAME), 1_500);',
  ],
  'door-waits-for-relay': [
    'send-to-friend/shares.service.js',
    'return { shareId: await inTransaction(this.dataSource, (tx) => this.store(tx, share)), confirmed };',
    `const taken = { shareId: await inTransaction(this.dataSource, (tx) => this.store(tx, share)), confirmed };
     const waiting = \`select from mail_outbox where lane = 'shares' and state in ('waiting', 'sending') limit 1\`;
     for (let n = 0; n < 40 && (await this.dataSource.query(waiting)).length > 0; n += 1) await new Promise((resume) => setTimeout(resume, 50));
     return taken;`,
  ],
};

/** @returns what to give to node's `--import` */
export function plantImport(name) {
  const register = `import { register } from 'node:module'; register(${JSON.stringify(pathToFileURL(import.meta.filename).href)}, { data: ${JSON.stringify(name)} });`;
  return `data:text/javascript,${encodeURIComponent(register)}`;
}

let planted;

export function initialize(name) {
  planted = PLANTS[name];
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const edits = (Array.isArray(planted[0]) ? planted : [planted]).filter(([module]) => url.endsWith(`/dist/src/${module}`));
  if (edits.length === 0) return loaded;
  let source = String(loaded.source);
  for (const [module, sound, broken] of edits) {
    if (!source.includes(sound)) throw new Error(`nothing to break in ${module}: bench/faults/plants.mjs is out of date`);
    source = source.replace(sound, broken);
  }
  return { ...loaded, source };
}
