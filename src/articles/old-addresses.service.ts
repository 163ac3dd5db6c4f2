import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isOwnPath, oldAddress } from './old-address.js';

/** What became of an address of an old site that was to lead to a piece. */
export interface ClaimedAddress {
  /** Path and query, as kept. */
  readonly address: string;
  /** Id of another piece, which had it first and keeps it; null where it leads to the one that claims it. */
  readonly takenBy: number | null;
  /** Something of ours stands there, which goes before. */
  readonly covered: boolean;
}

/** The addresses under which pieces were read before they came here. Each leads to one piece; a piece may have had several. */
@Injectable()
export class OldAddresses {
  /**
   * Lets addresses lead to a piece. Again it changes nothing, and none is taken from another piece.
   * @param urls absolute, or from their path on
   * @returns what became of each, in their order; those that cannot be told from other addresses, such as a front page, are left out
   */
  async claim(tx: EntityManager, articleId: number, urls: readonly string[]): Promise<readonly ClaimedAddress[]> {
    const addresses = [...new Set(urls.map(oldAddress).filter((address) => address !== null))];
    // In one order, whoever claims: else two imports could wait for each other.
    await tx.query(
      `insert into old_addresses (address, article_id) select address, $2 from unnest($1::text[]) address order by address
       on conflict on constraint old_addresses_pkey do nothing`,
      [addresses, articleId],
    );
    return tx.query<ClaimedAddress[]>(
      `select o.address, nullif(o.article_id, $3) as "takenBy", named.covered
       from unnest($1::text[], $2::boolean[]) with ordinality named (address, covered, place) join old_addresses o on o.address = named.address
       order by named.place`,
      [addresses, addresses.map(isOwnPath), articleId],
    );
  }
}
