// The whole application in a process of its own, as people run it, over a server of server.mjs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MARKAZ = join(import.meta.dirname, '../bin/markaz.mjs');

/** As {@link start}. @returns the port where it answers */
export async function serve(server, settings) {
  return (await start(server, settings)).port;
}

/**
 * Starts it, behind one proxy that is believed, and has it stopped with the server.
 * @param env beside what the server gives @param execArgv of node
 * @returns the port where it answers, and its process
 */
export async function start(server, { env = {}, execArgv = [] } = {}) {
  const port = await freePort();
  const child = spawn(process.execPath, [...execArgv, MARKAZ, 'serve'], {
    env: { ...environmentOf(server), TRUSTED_PROXY_HOPS: '1', LOG_LEVEL: 'error', PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  server.closeFirst(() => end(child, 'SIGTERM'));
  while ((await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null))?.status !== 200) {
    if (child.exitCode !== null) throw new Error('the application ended instead of serving');
    await sleep(50);
  }
  return { port, child };
}

/** Has `markaz doctor` look at the server's database and files. @returns what it found, a line each; none: all is sound */
export async function doctor(server) {
  const { code, said } = await command(server, 'doctor', '--files');
  return code === 0 ? [] : said.trim().split('\n');
}

/** Runs `markaz <name>` over the server's database and files. @returns its exit code, and what it said on standard error */
export async function command(server, ...words) {
  const child = spawn(process.execPath, [MARKAZ, ...words], { env: environmentOf(server), stdio: ['ignore', 'ignore', 'pipe'] });
  server.closeFirst(() => end(child, 'SIGTERM'));
  let said = '';
  child.stderr.on('data', (data) => (said += data));
  const [code] = await once(child, 'close');
  return { code, said };
}

function environmentOf({ config, database }) {
  const { host, port, user, password, database: name } = database.main;
  return {
    PATH: process.env.PATH,
    DATABASE_URL: `postgres://${user}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${name}`,
    SECRET_KEY: config.secretKey,
    PUBLIC_ORIGIN: config.publicOrigin,
    DATA_DIR: config.dataDir,
  };
}

/** Ends a process, and resolves when it is gone; also where it was before. */
export function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('close', resolve).kill(signal));
}

/** @returns a port that nobody listens at */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
