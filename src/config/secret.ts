import { hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';

/** The installation's secret. It is never used itself: each purpose gets a key of its own (HKDF-SHA-256, RFC 5869). */
export class Secret {
  constructor(private readonly key: string) {}

  /** @returns `length` bytes that are the same on every instance with this secret and tell nothing about other purposes' keys */
  derive(purpose: string, length = 32): Buffer {
    return Buffer.from(hkdfSync('sha256', this.key, 'markaz', purpose, length));
  }

  /** The configured key, else the one kept in `DATA_DIR/secret-key` (0600), made there at the first start. */
  static for(config: Config): Secret {
    return new Secret(config.secretKey ?? storedKey(config.dataDir));
  }
}

function storedKey(dataDir: string): string {
  const file = join(dataDir, 'secret-key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  // Written whole under another name, then linked: two first starts at once agree on one key, and none reads half a file.
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, randomBytes(32).toString('hex') + '\n', { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}
