// Bugs to plant in the built code, each of which a check must find: a check that cannot fail shows nothing. The house's own code has no
// switch for them; `node --import` rewrites one line of one module while it is loaded.
import { pathToFileURL } from 'node:url';

/** Name → module, what stands there, what stands there instead. */
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
  'no-lock': ['mail/mail.queries.js', 'limit 1 for update skip locked', 'limit 1'],
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
  const [module, sound, broken] = planted;
  if (!url.endsWith(`/dist/src/${module}`)) return loaded;
  const source = String(loaded.source);
  if (!source.includes(sound)) throw new Error(`nothing to break in ${module}: bench/faults/plants.mjs is out of date`);
  return { ...loaded, source: source.replace(sound, broken) };
}
