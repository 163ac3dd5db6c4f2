import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newToken, tokenHash } from './tokens.js';

/** As many as one person has, with room; the one unused longest makes place. */
const MAX_PER_EDITOR = 20;

/**
 * Devices from which an editor has signed in. Their tries are counted apart from everybody else's, so that whoever keeps guessing an
 * editor's password does not shut the editor out.
 */
@Injectable()
export class KnownDevices {
  /**
   * @param brought what the device presents; counts only if it is ours, or somebody could plant one that he knows
   * @returns the device's token from now on
   */
  async remember(tx: EntityManager, editorId: number, brought: string | null): Promise<string> {
    const device = brought !== null && (await this.isOurs(tx, brought)) ? brought : newToken();
    await tx.query(
      `insert into known_devices (token_hash, editor_id) values ($1, $2) on conflict (token_hash, editor_id) do update set seen_at = now()`,
      [tokenHash(device), editorId],
    );
    await tx.query(
      `delete from known_devices where editor_id = $1 and token_hash not in
         (select token_hash from known_devices where editor_id = $1 order by seen_at desc limit $2)`,
      [editorId, MAX_PER_EDITOR],
    );
    return device;
  }

  /** A device may belong to whoever made the editor change the password. */
  async forgetAll(tx: EntityManager, editorId: number): Promise<void> {
    await tx.query(`delete from known_devices where editor_id = $1`, [editorId]);
  }

  private async isOurs(tx: EntityManager, token: string): Promise<boolean> {
    return (await tx.query<unknown[]>(`select from known_devices where token_hash = $1 limit 1`, [tokenHash(token)])).length > 0;
  }
}
