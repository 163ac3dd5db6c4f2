// Whether search finds what readers mean: a center of its own, filled with a judged set, asked by a score program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { serve } from '../application.mjs';
import { editor } from '../editor.mjs';
import { startServer } from '../server.mjs';
import { load } from './load.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: join(import.meta.dirname, '../../test/search-relevance.json') },
    scorer: { type: 'string' },
  },
});
const cases = resolve(options.cases);
const folder = mkdtempSync(join(tmpdir(), 'markaz-relevance-'));
const server = await startServer();
server.closeFirst(() => rmSync(folder, { recursive: true, force: true }));
const interrupted = new Promise((tell) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => tell(signal));
});
try {
  process.exitCode = await run();
} finally {
  await server.stop();
}

/** @returns the scorer's exit code; without one 0, once interrupted */
async function run() {
  const token = await editor(server);
  const api = `http://127.0.0.1:${await serve(server)}/api/v1`;
  const { documents } = JSON.parse(readFileSync(cases, 'utf8'));
  const map = join(folder, 'map.json');
  writeFileSync(map, JSON.stringify(await load({ api, token, documents })));
  const addresses = ['--search', `${api}/search?q={q}&limit=10`, '--suggest', `${api}/search/suggest?q={q}`];
  if (options.scorer === undefined) {
    process.stdout.write(
      `${documents.length} texts published; until interrupted:\n  --cases ${cases} --map ${map} ${addresses.join(' ')}\n`,
    );
    await interrupted;
    return 0;
  }
  const scorer = spawn(process.execPath, [resolve(options.scorer), '--cases', cases, '--map', map, ...addresses, ...positionals], {
    stdio: 'inherit',
  });
  void interrupted.then((signal) => scorer.kill(signal));
  return (await once(scorer, 'close'))[0] ?? 1;
}
