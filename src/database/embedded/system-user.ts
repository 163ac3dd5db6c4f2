import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { StartError } from '../../config/config.js';

/** The user that root hands the server to: PostgreSQL refuses to run as root. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

const SYSTEM_DIRECTORY = '/var/lib/markaz';

/**
 * Decides whose process the server shall be.
 *
 * @param projectDir absolute folder of the installation
 * @param existing the existing database folder's stat, when there is one
 * @returns `undefined` for an ordinary user (stay who you are); for root the owner of the existing data, else of the project, else
 *   `postgres`, else `nobody`, the first of them known to the system (initdb: "could not look up effective user ID")
 * @throws StartError with a sentence when the data belongs to somebody the caller cannot act for
 */
export function chooseSystemUser(projectDir: string, existing: Stats | undefined): SystemUser | undefined {
  const self = process.getuid?.();
  if (self !== 0) {
    if (existing && existing.uid !== self) {
      const owner = nameOf(existing) ?? 'unknown';
      throw new StartError(
        `The embedded database belongs to user ${owner} (uid ${existing.uid}), not to you (uid ${self}): ` +
          'start as that user or as root, or set DATA_DIR to a folder of your own.',
      );
    }
    return undefined;
  }
  if (existing?.uid === 0) {
    throw new StartError(
      'The embedded database belongs to root, and PostgreSQL refuses to run as root: give it to another user with chown -R.',
    );
  }
  if (existing) return { uid: existing.uid, gid: existing.gid };
  const project = statSync(projectDir);
  const projectOwner = project.uid === 0 ? undefined : nameOf(project);
  for (const name of projectOwner ? [projectOwner, 'postgres', 'nobody'] : ['postgres', 'nobody']) {
    const [uid, gid] = [numberFrom('-u', name), numberFrom('-g', name)];
    if (uid && gid !== undefined) return { uid, gid };
  }
  throw new StartError(
    'PostgreSQL refuses to run as root, and there is no user "postgres" or "nobody" to run it: start as an ordinary user.',
  );
}

/** How a child of that user is started: from `/`, which everyone may enter, and free of the caller's PG* and locale variables. */
export function spawnOptions(user: SystemUser | undefined): { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  return { cwd: '/', env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, ...user };
}

/** Whether a shell test succeeds as that user; `$0`, `$1`, … are the paths. Asking the kernel beats reasoning about modes and ACLs. */
export function succeedsAs(user: SystemUser | undefined, script: string, ...paths: string[]): boolean {
  return spawnSync('/bin/sh', ['-c', script, ...paths], { ...spawnOptions(user), stdio: 'ignore' }).status === 0;
}

/** Whether any process has this pid, whoever it belongs to. Zombies count. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The folder where root keeps what the user it drops to must reach, made on first need. Passable by all, listable by none. */
export function systemDirectory(): string {
  try {
    // The mode is set apart from mkdir because root may run under umask 077.
    if (mkdirSync(SYSTEM_DIRECTORY, { recursive: true })) chmodSync(SYSTEM_DIRECTORY, 0o711);
  } catch (cause) {
    throw new StartError(`${SYSTEM_DIRECTORY} cannot be made; start as an ordinary user, or set DATABASE_URL.`, { cause });
  }
  const { uid, mode } = lstatSync(SYSTEM_DIRECTORY);
  if (uid !== 0 || (mode & 0o022) !== 0) throw new StartError(`${SYSTEM_DIRECTORY} must belong to root and be writable by root alone.`);
  return SYSTEM_DIRECTORY;
}

function nameOf({ uid, gid }: SystemUser): string | undefined {
  // `id` run as the user itself, because `id <number>` and `getent` are not everywhere; only root may become somebody else.
  const asked =
    process.getuid?.() === 0
      ? spawnSync('id', ['-un'], { ...spawnOptions({ uid, gid }), encoding: 'utf8' })
      : spawnSync('id', ['-un', String(uid)], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : undefined;
}

function numberFrom(flag: '-u' | '-g', name: string): number | undefined {
  const asked = spawnSync('id', [flag, name], { ...spawnOptions(undefined), encoding: 'utf8' });
  return asked.status === 0 ? Number(asked.stdout) : undefined;
}
