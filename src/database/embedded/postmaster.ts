import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../config/config.js';
import type { ClusterDirectory } from './cluster-directory.js';
import { isAlive, spawnOptions, systemDirectory, type SystemUser } from './system-user.js';

/** With no TCP listener the port only names the socket file, so it is fixed. */
export const PORT = 5432;

/** Linux allows a socket path of 107 bytes, macOS 103. */
const LONGEST_SOCKET_PATH = 103;

const STOP_PATIENCE_MS = 10_000;

/** A running server, as its own `postmaster.pid` tells. */
export interface Postmaster {
  readonly pid: number;
  /** `starting`, `ready` or `stopping`; anything else is on its way to one of them */
  readonly state: string;
  readonly socketDirectory: string;
}

/** A server process being started; `ended` tells how it went when it has gone. */
export interface StartAttempt {
  readonly pid: number | undefined;
  ended: { readonly clean: boolean; readonly how: string } | undefined;
  /** what the server has written to its log since this start: the last lines */
  logTail(): string;
}

/** The cluster's running server, or `undefined`: a pid file alone proves nothing, its pid may be dead, a zombie or another program's. */
export function readPostmaster(cluster: string): Postmaster | undefined {
  const lines = readLines(join(cluster, 'postmaster.pid'));
  const pid = Number(lines[0]);
  // Line 5 is the socket directory and line 8 the state (PostgreSQL's pidfile.h).
  return isPostmasterOf(cluster, pid) ? { pid, state: lines[7]?.trim() ?? 'starting', socketDirectory: lines[4] ?? '' } : undefined;
}

/** In MB: an eighth of the memory we may use, for an application runs beside it; PostgreSQL's own 128 at least, and what a large archive's indexes take at most. */
function sharedBuffers(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.min(1_024, Math.max(128, Math.floor(memory / 8 / 2 ** 20)));
}

/**
 * Starts the server without waiting for it; it outlives this process, and signals meant for this process's terminal do not reach it.
 *
 * @param settings further `name=value` settings of PostgreSQL
 * @throws StartError with a sentence when there is no safe place for its socket
 */
export function startPostmaster(home: ClusterDirectory, binaries: string, settings: Record<string, string>): StartAttempt {
  const cluster = join(home.path, 'cluster');
  const log = join(home.path, 'postgres.log');
  const socketDirectory = makeSocketDirectory(home);
  clearForeignLock(join(cluster, 'postmaster.pid'), cluster);
  clearForeignLock(join(socketDirectory, `.s.PGSQL.${PORT}.lock`), cluster);
  const all = {
    listen_addresses: '',
    port: String(PORT),
    // A list; quoted, since a path may hold a comma, and a quote in it doubled.
    unix_socket_directories: `"${socketDirectory.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A statement that fails is told without the row it failed for: who is in it is kept for its time in tables, and in logs nobody deletes it.
    log_error_verbosity: 'terse',
    jit: 'off',
    shared_buffers: `${sharedBuffers()}MB`,
    // The system's cache answers most reads sooner than a process of PostgreSQL's own can be woken to ask it: a first search took 60 ms that way, 25 so.
    io_method: 'sync',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logged = fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  // The shell opens the log as the server's user (root must not write through names in that user's folder) and becomes the server.
  const shell = ['-c', 'umask 077; log=$0; exec "$@" >>"$log" 2>&1', log, join(binaries, 'bin', 'postgres'), '-D', cluster, ...args];
  const child = spawn('/bin/sh', shell, { ...spawnOptions(home.user), detached: true, stdio: 'ignore' });
  const attempt: StartAttempt = {
    pid: child.pid,
    ended: undefined,
    logTail: () => fs.readFileSync(log).subarray(logged).toString().trim().split('\n').slice(-15).join('\n'),
  };
  child.once('error', (error) => (attempt.ended = { clean: false, how: error.message }));
  child.once('exit', (code, signal) => (attempt.ended = { clean: code === 0, how: signal ?? `exit code ${code}` }));
  child.unref();
  return attempt;
}

/**
 * Ends the cluster's server: clients are disconnected and a checkpoint is written (SIGINT); one that takes longer than 10 s is cut
 * short (SIGQUIT), and the next start then replays its log.
 *
 * @returns whether it has gone
 */
export async function stopPostmaster(cluster: string): Promise<boolean> {
  const pid = readPostmaster(cluster)?.pid;
  if (pid === undefined) return true;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.kill(pid, signal);
    for (const end = Date.now() + STOP_PATIENCE_MS; Date.now() < end; await sleep(10)) {
      if (!isPostmasterOf(cluster, pid)) return true;
    }
  }
  return false;
}

/** True for a live process that works in the cluster's folder, as every postmaster does (it changes to its data directory). */
function isPostmasterOf(cluster: string, pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') {
    const [, state, command] =
      /^(\S+)\s+(.*)/s.exec(
        spawnSync('ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)])
          .stdout.toString()
          .trim(),
      ) ?? [];
    return state !== undefined && !state.startsWith('Z') && command?.includes(cluster) === true;
  }
  try {
    // A zombie has no working directory, and a stranger's may not be looked at: both throw.
    const [working, own] = [fs.statSync(`/proc/${pid}/cwd`), fs.statSync(cluster)];
    return working.dev === own.dev && working.ino === own.ino;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Removes a lock file whose pid now belongs to another program or a zombie, which PostgreSQL would take for a running server. A file
 * with a dead pid is left to PostgreSQL, which then also looks for surviving children of that server.
 */
function clearForeignLock(file: string, cluster: string): void {
  const pid = Number(readLines(file)[0]);
  if (!isAlive(pid) || isPostmasterOf(cluster, pid)) return;
  const aside = `${file}.stale-${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // another start was faster
    throw error;
  }
  // Between reading and renaming, another start may have put a running server's file there: that one goes back.
  if (isPostmasterOf(cluster, Number(readLines(aside)[0]))) fs.renameSync(aside, file);
  else fs.rmSync(aside);
}

function makeSocketDirectory({ path, user }: ClusterDirectory): string {
  const beside = join(path, 'socket');
  // The name is a hash of the place, so every process with this TMPDIR finds the same; adopters read it from postmaster.pid anyway.
  const short = `socket-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
  const far = (): string => (user ? join(systemDirectory(), short) : join(tmpdir(), `markaz-${short}`));
  const directory = Buffer.byteLength(`${beside}/.s.PGSQL.${PORT}`) <= LONGEST_SOCKET_PATH ? beside : far();
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
    if (user) fs.lchownSync(directory, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  assertPrivate(directory, user);
  return directory;
}

function assertPrivate(directory: string, user: SystemUser | undefined): void {
  const stats = fs.lstatSync(directory);
  if (stats.isDirectory() && stats.uid === (user?.uid ?? process.getuid?.()) && (stats.mode & 0o077) === 0) return;
  throw new StartError(`${directory} must be a folder of the user who runs PostgreSQL, with mode 0700: remove it and start again.`);
}

function readLines(file: string): string[] {
  try {
    return fs.readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
