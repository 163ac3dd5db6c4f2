import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError, type Config } from '../config/config.js';
import { Secret } from '../config/secret.js';
import type { Archive } from './archive.js';

/** Tells one key from another and nothing about it. */
export function fingerprintOf(key: string): string {
  return new Secret(key).derive('backup fingerprint', 16).toString('hex');
}

/** The key that `DATA_DIR` keeps, or null. */
export function keptKey({ dataDir }: Config): string | null {
  try {
    return readFileSync(join(dataDir, 'secret-key'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/**
 * Which key the restored database is to be used with: what is encrypted or hashed in it is worth nothing under another one.
 * @param otherKey whoever restores knows that, and wants it all the same
 * @returns the archive's own key where it has to be written down, else null
 * @throws StartError
 */
export function keyToKeep({ head, secretKey }: Archive, config: Config, otherKey: boolean): string | null {
  const present = config.secretKey ?? keptKey(config);
  if (present === null && secretKey !== null) return secretKey;
  if (otherKey || (present !== null && fingerprintOf(present) === head.key.fingerprint)) return null;
  const where = secretKey === null ? 'where the center was served' : 'in the archive itself, as secret-key';
  throw new StartError(
    `The backup was made under another SECRET_KEY than there is here. Without it no refusal of mail is recognised, no waiting letter can be read, ` +
      `and second factors and signed results are lost. Set SECRET_KEY to the one that lies ${where}${present !== null && config.secretKey === null ? `, or remove ${join(config.dataDir, 'secret-key')}` : ''}. ` +
      `With --other-key it is restored all the same.`,
  );
}

/** Writes the key where the next start finds it. @returns what takes it away again */
export function keepKey({ dataDir }: Config, key: string): () => void {
  const file = join(dataDir, 'secret-key');
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return () => rmSync(file, { force: true });
}
