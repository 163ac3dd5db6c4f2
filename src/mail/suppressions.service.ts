import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Addresses } from '../http/addresses.js';
import type { Address } from './address.js';
import { MailboxKeys } from './mailbox-keys.js';

export type SuppressionReason = 'opt_out' | 'desk' | 'complaint' | 'bounce';

/** Who is not written to any more, whoever asks for it: for good, in every language. */
@Injectable()
export class Suppressions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MailboxKeys,
    private readonly addresses: Addresses,
  ) {}

  /** Where the holder of a mailbox refuses all mail of this kind. Names nobody, and never expires. */
  optOutHref(address: Address): string {
    return `${this.addresses.origin}/mail/opt-out/${this.keys.tokenOf(address)}`;
  }

  /** @param token what stands behind `/mail/opt-out/` @returns whether it is one of ours; nothing changes */
  isToken(token: string): boolean {
    return this.keys.hashOfToken(token) !== null;
  }

  /** The mailbox of the token is written to no more. Again it changes nothing. @returns whether the token is one of ours */
  async optOut(token: string): Promise<boolean> {
    const hash = this.keys.hashOfToken(token);
    if (hash === null) return false;
    await this.suppress(this.dataSource.manager, hash, 'opt_out');
    return true;
  }

  /**
   * Again it changes nothing, except that a complaint is counted whatever was the reason before.
   * @param hash as {@link MailboxKeys.hashOf} gives it
   */
  async suppress(tx: EntityManager, hash: Buffer, reason: SuppressionReason): Promise<void> {
    await tx.query(
      `insert into mail_suppressions (address_hash, reason) values ($1, $2)
       on conflict (address_hash) do update set reason = excluded.reason, created_at = now()
       where excluded.reason = 'complaint' and mail_suppressions.reason <> 'complaint'`,
      [hash, reason],
    );
  }

  /** @returns whether mail to this mailbox is withheld */
  async holds(tx: EntityManager, hash: Buffer): Promise<boolean> {
    return (await tx.query<unknown[]>(`select from mail_suppressions where address_hash = $1`, [hash])).length > 0;
  }
}
