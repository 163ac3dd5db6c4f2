import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../config/config.js';
import { findBinaries } from './binaries.js';
import { chooseSystemUser, isAlive, spawnOptions, succeedsAs, systemDirectory, type SystemUser } from './system-user.js';

/** The folder of one embedded database: `cluster/` (PGDATA), `superuser-password`, `owner-password`, `postgres.log`, mostly `socket/`. */
export interface ClusterDirectory {
  /** absolute, with symbolic links resolved */
  readonly path: string;
  /** who runs the server; `undefined` = whoever runs this process */
  readonly user: SystemUser | undefined;
}

const NEW = 'database.new-';

/** Attempts of this process, since a pid alone cannot tell them from those of a dead process that had the same pid in a container. */
const ownAttempts = new Set<string>();

/**
 * Opens `DATA_DIR/database`, creating it whole on first use: it is built under another name and then takes its place in one step, so a
 * process killed at any moment leaves nothing or a complete cluster, and of two first starts one wins and the other uses that.
 *
 * Where root's DATA_DIR cannot be entered by the user who runs the server, the folder lies under /var/lib/markaz and
 * `DATA_DIR/database` is a symbolic link to it, so that removing DATA_DIR still means starting afresh.
 *
 * @param sync false skips flushing the new cluster to disk (for tests)
 * @throws StartError with a sentence when the folder is somebody else's, incomplete, or cannot be made
 */
export async function openClusterDirectory(options: {
  dataDir: string;
  projectDir: string;
  sync: boolean;
  log: (line: string) => void;
}): Promise<ClusterDirectory> {
  const { dataDir } = options;
  const database = join(dataDir, 'database');
  makeDataDirectory(dataDir);
  removeDeadAttempts(dataDir, database);

  const user = chooseSystemUser(options.projectDir, statDatabase(database));
  if (!isThere(database)) await create(database, user, options);
  const path = fs.realpathSync(database);
  if (!fs.existsSync(join(path, 'cluster', 'PG_VERSION'))) {
    throw new StartError(`${database} holds no complete PostgreSQL cluster: move it away, and the next start makes a new one.`);
  }
  return { path, user };
}

async function create(
  database: string,
  user: SystemUser | undefined,
  { dataDir, sync, log }: { dataDir: string; sync: boolean; log: (line: string) => void },
): Promise<void> {
  const attempt = join(dataDir, `${NEW}${process.pid}-${randomBytes(4).toString('hex')}`);
  ownAttempts.add(attempt);
  try {
    // Asked of the data folder only: the one inside it will belong to the user.
    const elsewhere =
      user && !succeedsAs(user, 'test -x "$0"', dataDir) ? join(systemDirectory(), randomBytes(8).toString('hex')) : undefined;
    if (elsewhere) fs.symlinkSync(elsewhere, attempt); // first, so that a later start finds what to remove
    await build(elsewhere ?? attempt, findBinaries(user, dataDir), user, sync);
    try {
      // Both refuse to replace a database that another process has put there meanwhile.
      if (elsewhere) fs.symlinkSync(elsewhere, database);
      else fs.renameSync(attempt, database);
      if (elsewhere) log(`The user who runs PostgreSQL (uid ${user?.uid}) may not enter ${dataDir}: the database lies in ${elsewhere}.`);
    } catch (error) {
      if (!isThere(database)) throw error;
    }
  } finally {
    removeAttempt(attempt, database);
    ownAttempts.delete(attempt);
  }
}

async function build(directory: string, binaries: string, user: SystemUser | undefined, sync: boolean): Promise<void> {
  fs.mkdirSync(directory, { mode: 0o700 });
  for (const name of ['superuser-password', 'owner-password']) {
    fs.writeFileSync(join(directory, name), randomBytes(32).toString('hex'), { mode: 0o600 });
    if (user) fs.chownSync(join(directory, name), user.uid, user.gid);
  }
  // Last, because root must not follow names in a folder that somebody else can change.
  if (user) fs.chownSync(directory, user.uid, user.gid);
  const args = [
    `--pgdata=${join(directory, 'cluster')}`,
    '--username=postgres',
    `--pwfile=${join(directory, 'superuser-password')}`,
    '--auth=scram-sha-256', // trust would make every local user a superuser
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=PG_UNICODE_FAST',
    '--locale=C',
    // pg_trgm asks the C library what a letter is; under ctype C no Arabic word has trigrams (measured). The macOS name is untested.
    `--lc-ctype=${process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'}`,
    '--no-instructions',
    ...(sync ? [] : ['--no-sync']),
  ];
  // Detached: a Ctrl-C at the terminal is for this process, which then finishes its start and leaves in order.
  const initdb = spawn(join(binaries, 'bin', 'initdb'), args, {
    ...spawnOptions(user),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  initdb.stderr.on('data', (part: Buffer) => (said += part.toString()));
  const [code] = (await once(initdb, 'close')) as [number | null];
  if (code !== 0)
    throw new StartError(`initdb could not create the embedded database in ${directory}: ${said.trim() || `exit code ${code}`}`);
}

function makeDataDirectory(dataDir: string): void {
  try {
    // Root lets the user it drops to pass through; what lies in the folder has modes of its own.
    if (fs.mkdirSync(dataDir, { recursive: true })) fs.chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
    fs.accessSync(dataDir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (cause) {
    throw new StartError(
      `DATA_DIR ${dataDir} cannot be made or written by you: start as the user it belongs to, or set DATA_DIR to a folder of your own.`,
      { cause },
    );
  }
}

function isThere(path: string): boolean {
  return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function statDatabase(database: string): fs.Stats | undefined {
  if (!isThere(database)) return undefined;
  const stats = fs.statSync(database, { throwIfNoEntry: false });
  if (stats) return stats;
  throw new StartError(
    `The embedded database lay in ${fs.readlinkSync(database)}, which is gone: put it back, or remove ${database} to start with an empty one.`,
  );
}

function removeDeadAttempts(dataDir: string, database: string): void {
  for (const name of fs.readdirSync(dataDir).filter((entry) => entry.startsWith(NEW))) {
    const pid = Number(/^(\d+)-/.exec(name.slice(NEW.length))?.[1]);
    const attempt = join(dataDir, name);
    const inWork = pid === process.pid ? ownAttempts.has(attempt) : isAlive(pid);
    if (!inWork) removeAttempt(attempt, database);
  }
}

function removeAttempt(attempt: string, database: string): void {
  // initdb outlives a killed parent for a moment and may add files while they are being removed, hence the retries.
  const remove = (path: string): void => fs.rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  if (fs.lstatSync(attempt, { throwIfNoEntry: false })?.isSymbolicLink()) {
    const target = fs.readlinkSync(attempt);
    const taken = fs.lstatSync(database, { throwIfNoEntry: false })?.isSymbolicLink() && fs.readlinkSync(database) === target;
    if (!taken) remove(target);
  }
  remove(attempt);
}
