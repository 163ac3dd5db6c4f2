import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { networkOf, vicinityOf } from '../http/client-network.js';
import { PollSecrets } from './poll-secrets.js';

/** What a ballot keeps of where it came from, for 48 hours. */
export interface Whereabouts {
  readonly networkKey: Buffer;
  readonly vicinityKey: Buffer;
  readonly agentKey: Buffer;
  readonly eventKey: Buffer;
}

interface Salt {
  readonly day: string;
  readonly salt: Buffer;
}

/** So long a process goes on with the salt it has read: a day begins that much late for it, which harms nobody. */
const SALT_SECONDS = 60;

/**
 * Keys of networks and browsers: HMACs under a random salt that lives for a day in one row and is deleted after 48 hours, so that later not
 * even we can tell which address a key was. Addresses themselves are neither stored nor logged.
 */
@Injectable()
export class NetworkKeys {
  private salt: { readonly value: Buffer; readonly until: number } | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly secrets: PollSecrets,
  ) {}

  /** @param ip `request.ip` @param userAgent the header, '' where there is none */
  async of(ip: string, userAgent: string): Promise<Whereabouts> {
    const salt = await this.today();
    const network = networkOf(ip);
    return {
      networkKey: keyed(salt, 'network', network),
      vicinityKey: keyed(salt, 'vicinity', vicinityOf(network)),
      agentKey: keyed(salt, 'agent', userAgent),
      eventKey: this.eventKey(network),
    };
  }

  /** The key by which a declared event knows its network. It has no salt of a day, because events are declared days ahead. @param network as `networkOf` gives it */
  eventKey(network: string): Buffer {
    return keyed(this.secrets.events, 'event', network);
  }

  /** The keys that ballots of this network have borne on the days whose salts are still there. @param network as `networkOf` gives it */
  async recentKeys(network: string): Promise<Buffer[]> {
    const salts = await this.dataSource.query<Salt[]>(`select day::text, salt from network_salts`);
    return salts.map(({ salt }) => keyed(salt, 'network', network));
  }

  private async today(): Promise<Buffer> {
    if (this.salt !== null && performance.now() < this.salt.until) return this.salt.value;
    const until = performance.now() + SALT_SECONDS * 1_000;
    // Made by whoever needs it first; of several at once one is kept, and all read that one.
    await this.dataSource.query(
      `insert into network_salts (day, salt)
       select (poll_now() at time zone 'UTC')::date, $1
       where not exists (select from network_salts where day = (poll_now() at time zone 'UTC')::date)
       on conflict do nothing`,
      [randomBytes(32)],
    );
    const [row] = await this.dataSource.query<Salt[]>(`select day::text, salt from network_salts order by day desc limit 1`);
    this.salt = { value: row!.salt, until };
    return this.salt.value;
  }
}

function keyed(key: Buffer, kind: string, of: string): Buffer {
  return createHmac('sha256', key).update(`${kind}\0${of}`).digest();
}
