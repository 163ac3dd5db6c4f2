import { writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startServer } from '../server.mjs';
import { generateSearchArchive } from './archive.mjs';
const server = await startServer();
process.once('SIGTERM', () => void server.stop().finally(() => process.exit(0)));
const owner = await server.connect('main');
const { config, database } = server;
const { host, port, user, password, database: name } = database.main;
const env = {
  PATH: process.env.PATH,
  DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${name}`,
  SECRET_KEY: config.secretKey,
  PUBLIC_ORIGIN: config.publicOrigin,
  DATA_DIR: config.dataDir,
};
let t = Date.now();
await generateSearchArchive(owner, 30000);
console.log('generated', Date.now() - t);
t = Date.now();
const r = spawnSync(process.execPath, [join(import.meta.dirname, '../../bin/markaz.mjs'), 'reindex'], { env, encoding: 'utf8' });
console.log('reindexed', r.status, r.stderr.slice(-300), Date.now() - t);
await owner.query('vacuum analyze article_search');
await owner.query('vacuum analyze search_vocabulary');
await owner.query('analyze');
writeFileSync('/tmp/q-db.json', JSON.stringify({ env, main: database.main, reader: database.reader, pid: process.pid }));
console.log('ready', process.pid);
setInterval(() => undefined, 1e6);
