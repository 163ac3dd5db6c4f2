import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RateLimits } from '../http/rate-limits.js';
import { Waker } from '../jobs/waker.js';

/** Sessions end so long after they were last used, and so long after they began. */
export const SESSION_IDLE_HOURS = 12;
export const SESSION_DAYS = 14;
/** Devices are known so long after somebody last signed in from them. */
export const DEVICE_DAYS = 180;

/** What counts no longer anyway, removed so that it does not pile up. */
@Injectable()
export class Leftovers implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly limits: RateLimits,
    private readonly waker: Waker,
  ) {}

  onModuleInit(): void {
    this.waker.register({ name: 'account leftovers', run: () => this.sweep(), pause: 60_000 });
  }

  /** @returns whether a part may be left */
  private async sweep(): Promise<boolean> {
    for (const statement of [
      `delete from sessions where seen_at < now() - interval '${SESSION_IDLE_HOURS} hours' or created_at < now() - interval '${SESSION_DAYS} days'`,
      `delete from known_devices where seen_at < now() - interval '${DEVICE_DAYS} days'`,
      `delete from password_links where expires_at < now()`,
      `delete from second_factors where confirmed_at is null and created_at < now() - interval '1 hour'`,
      // For a month its owner can still see why a program stopped.
      `delete from api_tokens where expires_at < now() - interval '30 days'`,
    ])
      await this.dataSource.query(statement);
    return this.limits.sweep();
  }
}
