import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import type { Actor } from '../access/access.js';
import { may } from '../access/policy.js';
import { Media } from './media.entity.js';

/** Pictures and documents, for the rooms that show them. */
@Injectable()
export class MediaService {
  /**
   * Those among `ids` that the actor may put somewhere: there, taken in whole, and within sight. Whether their renditions are made is another
   * question (`state`); publication asks it.
   * @returns by id; what is missing may not be used
   */
  async usable(tx: EntityManager, actor: Actor, ids: readonly number[]): Promise<ReadonlyMap<number, Media>> {
    if (ids.length === 0) return new Map();
    // Held, so that none is removed before what uses it is written down.
    const found = await tx.getRepository(Media).find({
      where: { id: In([...new Set(ids)]), state: In(['due', 'ready']) },
      order: { id: 'ASC' },
      lock: { mode: 'for_key_share' },
    });
    const { editor } = actor;
    const seen = editor === null || may(editor, 'media.edit') ? found : found.filter(({ createdBy }) => createdBy === editor.id);
    return new Map(seen.map((media) => [media.id, media]));
  }
}
