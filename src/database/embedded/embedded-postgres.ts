import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { StartError } from '../../config/config.js';
import { findBinaries } from './binaries.js';
import { openClusterDirectory } from './cluster-directory.js';
import { PORT, readPostmaster, startPostmaster, stopPostmaster, type StartAttempt } from './postmaster.js';

/** One process's part in the embedded server that all processes of a DATA_DIR share. */
export interface EmbeddedPostgres {
  /**
   * For pg and TypeORM; `host` is the folder of a unix socket. The user is the owner of the database: it may log in and create roles
   * and databases, and is no superuser.
   */
  readonly connection: { host: string; port: number; user: string; password: string; database: string };
  /** Where the data really lies: `DATA_DIR/database` with symbolic links resolved. */
  readonly directory: string;
  /** Whether the server was already running. */
  readonly adopted: boolean;
  /** Leaves; stops the server when nobody else is connected. Close your own connections first. Never rejects, may be called twice. */
  leave(): Promise<void>;
}

export interface EmbeddedOptions {
  /** absolute DATA_DIR; made when missing */
  dataDir: string;
  /** absolute folder of the installation; as root, its owner runs the server */
  projectDir: string;
  /** further PostgreSQL settings for a server started here (`{ fsync: 'off' }` in tests); an adopted one keeps its own */
  settings?: Record<string, string>;
  /** takes one line for the operator; standard error by default */
  log?: (line: string) => void;
}

type Log = (line: string) => void;

const OWNER = 'markaz';
const PRESENCE = 'markaz presence';

/** Keys of advisory locks in database `postgres`, where nothing else takes any: who is here, and who is creating the owner. */
const PRESENCE_LOCK = 1;
const OWNER_LOCK = 2;

/** Long enough for the replay after a crash, short enough for a person waiting. */
const JOIN_PATIENCE_MS = 60_000;

/** A server that another process is just stopping can spoil a start or two; a third failure has a cause of its own. */
const START_ATTEMPTS = 3;

/**
 * Makes the embedded PostgreSQL of a DATA_DIR available: creates its cluster on first use, adopts a running server or starts one.
 *
 * PostgreSQL itself arbitrates who stops it: each process holds one superuser connection with a shared advisory lock, and a leaver
 * stops the server only while it holds that lock exclusively and sees no other client. A process that meets a server on its way down
 * waits and starts it anew; one that is killed leaves the server running for the next to adopt.
 *
 * @throws StartError with a sentence a person can act on: no programs for this platform, somebody else's data, the server's own refusal
 *   with the tail of its log, or no success within 60 s
 */
export async function joinEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dataDir, projectDir, settings = {} } = options;
  const log: Log = options.log ?? ((line) => process.stderr.write(`${line}\n`));
  if (process.platform === 'win32') {
    throw new StartError(
      'The embedded PostgreSQL needs unix sockets, which are missing on Windows: set DATABASE_URL to a PostgreSQL 15 or newer.',
    );
  }
  const home = await openClusterDirectory({ dataDir, projectDir, sync: settings['fsync'] !== 'off', log });
  const cluster = join(home.path, 'cluster');
  const superuserPassword = readFileSync(join(home.path, 'superuser-password'), 'utf8');
  const ownerPassword = readFileSync(join(home.path, 'owner-password'), 'utf8');

  let started: StartAttempt | undefined;
  let failures = 0;
  let last: unknown;
  for (const end = Date.now() + JOIN_PATIENCE_MS; Date.now() < end; await sleep(10)) {
    const running = readPostmaster(cluster);
    if (running?.state === 'ready') {
      const host = running.socketDirectory;
      try {
        const presence = await enter(host, superuserPassword, ownerPassword);
        return new Membership(
          { host, port: PORT, user: OWNER, password: ownerPassword, database: OWNER },
          home.path,
          running.pid !== started?.pid,
          { presence, reenter: () => connect(host, superuserPassword), log },
        );
      } catch (error) {
        if (!isGoingDown(error)) throw error;
        last = error;
      }
    } else if (!running && (!started || started.ended)) {
      if (started?.ended && !started.ended.clean && ++failures === START_ATTEMPTS) {
        throw new StartError(`The embedded PostgreSQL in ${home.path} did not start (${started.ended.how}):\n${started.logTail()}`);
      }
      started = startPostmaster(home, findBinaries(home.user, dataDir), settings);
    }
  }
  throw new StartError(
    `The embedded PostgreSQL in ${home.path} was not ready within ${JOIN_PATIENCE_MS / 1000} s: read postgres.log there, or start again.`,
    { cause: last },
  );
}

class Membership implements EmbeddedPostgres {
  #lost = false;
  #left: Promise<void> | undefined;

  constructor(
    readonly connection: EmbeddedPostgres['connection'],
    readonly directory: string,
    readonly adopted: boolean,
    private readonly ties: { presence: Client; reenter: () => Promise<Client>; log: Log },
  ) {
    ties.presence.once('end', () => {
      this.#lost = true;
      if (!this.#left) ties.log('The connection to the embedded PostgreSQL was lost; see postgres.log beside its cluster.');
    });
  }

  leave(): Promise<void> {
    return (this.#left ??= this.#leave());
  }

  async #leave(): Promise<void> {
    const cluster = join(this.directory, 'cluster');
    try {
      // A lost presence does not mean a lost server: it survives the crash of one of its processes by disconnecting everybody.
      if (this.#lost && readPostmaster(cluster)?.state !== 'ready') return;
      const presence = this.#lost ? await this.ties.reenter() : this.ties.presence;
      try {
        await presence.query('select pg_advisory_unlock_shared($1)', [PRESENCE_LOCK]);
        const alone = await presence.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [PRESENCE_LOCK]);
        // The lock is held until the server is down: whoever joins now waits for it, is disconnected, and starts the server anew.
        if (alone.rows[0]?.alone && (await isUnused(presence)) && !(await stopPostmaster(cluster))) {
          this.ties.log(`The embedded PostgreSQL in ${this.directory} does not stop.`);
        }
      } finally {
        await presence.end();
      }
    } catch (error) {
      this.ties.log(`Leaving the embedded PostgreSQL in ${this.directory} failed: ${String(error)}`);
    }
  }
}

/** Connects as superuser, takes the shared lock that keeps the server up, and makes sure that the owner and its database exist. */
async function enter(host: string, superuserPassword: string, ownerPassword: string): Promise<Client> {
  const presence = await connect(host, superuserPassword);
  try {
    await presence.query('select pg_advisory_lock_shared($1)', [PRESENCE_LOCK]);
    await createOwner(presence, ownerPassword);
    return presence;
  } catch (error) {
    await presence.end();
    throw error;
  }
}

async function connect(host: string, password: string): Promise<Client> {
  const limits = { connectionTimeoutMillis: 10_000, lock_timeout: 10_000 };
  const client = new Client({
    host,
    port: PORT,
    user: 'postgres',
    password,
    database: 'postgres',
    application_name: PRESENCE,
    ssl: false,
    ...limits,
  });
  // Without a listener a lost connection would end the process; the loss itself is told by 'end' and by the query in progress.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

/** Creates what is missing, at every join: so a process killed half-way through a first start needs no repair. */
async function createOwner(presence: Client, password: string): Promise<void> {
  await presence.query('select pg_advisory_lock($1)', [OWNER_LOCK]);
  const { rows } = await presence.query<{ role: boolean; database: boolean; create_role: string }>(
    `select exists (select from pg_roles where rolname = $1) as role, exists (select from pg_database where datname = $1) as database,
            format('create role %I login createrole createdb password %L', $1::text, $2::text) as create_role`,
    [OWNER, password],
  );
  const found = rows[0];
  if (found && !found.role) await presence.query(found.create_role);
  if (found && !found.database) await presence.query('create database markaz owner markaz');
  await presence.query('select pg_advisory_unlock($1)', [OWNER_LOCK]);
}

/** Whether nobody but processes coming and going is connected; connections just closed get half a second to disappear. */
async function isUnused(presence: Client): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt++, await sleep(50)) {
    const { rows } = await presence.query<{ others: number }>(
      `select count(*)::int as others from pg_stat_activity
        where backend_type in ('client backend', 'walsender') and application_name <> $1`,
      [PRESENCE],
    );
    if (rows[0]?.others === 0) return true;
  }
  return false;
}

/** Errors of a server that is stopping, crashing or not quite up: no SQLSTATE (the socket failed), 57P0x, or the leaver's lock. */
function isGoingDown(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === undefined || /^E[A-Z]+$/.test(code) ? code !== 'EACCES' : /^(57P0[123]|55P03)$/.test(code);
}
