import type { DataSource, EntityManager } from 'typeorm';
import type { Storage } from './storage.js';

/** To be asked before anything is written or removed there. @throws ForeignStorage when the files are not this center's */
export async function ownStorage(db: DataSource | EntityManager, storage: Storage): Promise<void> {
  const [{ id }] = await db.query<[{ id: string }]>(`select storage_id as id from center`);
  await storage.claim(id);
}
