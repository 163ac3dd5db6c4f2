import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notSignedIn, type EditorActor } from '../access/access.js';
import { inTransaction } from '../database/transaction.js';
import { networkOf } from '../http/client-network.js';
import { Problem } from '../http/problem.js';
import { RateLimits, tooManyTries, type Bucket } from '../http/rate-limits.js';
import type { Client, Opened } from './desk-cookies.js';
import { grantsAsJson } from './editors.queries.js';
import { KnownDevices } from './known-devices.service.js';
import { Passwords, wrongPassword, type PasswordHash } from './passwords.js';
import { SecondFactors } from './second-factors.service.js';
import { Me } from './session.dto.js';
import { SessionsService } from './sessions.service.js';
import { tokenHash } from './tokens.js';

/** After the tenth wrong try there is none for a quarter of an hour. */
const TRIES = { limit: 10, seconds: 15 * 60 } as const;

/**
 * Wrong codes of one account in a day, from all devices together: each new device has ten tries of its own, and with the password known that
 * is as many as somebody likes. Three codes in a million are right at any time, so fifty find one in 7,000.
 */
const CODES = { name: 'sign-in code', limit: 50, seconds: 24 * 3_600 } as const;

/** An editor as signing in needs to know it. */
export interface Account extends Me {
  readonly emailCanonical: string;
  readonly active: boolean;
  readonly hash: PasswordHash | null;
  readonly deviceKnown: boolean;
}

/** What somebody tries, and where. */
interface Attempt {
  readonly account: Account | null;
  /** Under which it is counted, whether anybody has it or not. */
  readonly address: string;
  readonly client: Client;
  /** Left out where only a code is tried. */
  readonly password?: string;
  /** The answer to a wrong password. */
  readonly wrong: () => Problem;
}

/** Passwords and codes that somebody tries, counted; and what a right one opens. */
@Injectable()
export class Credentials {
  constructor(
    private readonly dataSource: DataSource,
    private readonly passwords: Passwords,
    private readonly factors: SecondFactors,
    private readonly sessions: SessionsService,
    private readonly devices: KnownDevices,
    private readonly limits: RateLimits,
  ) {}

  /**
   * Lets somebody try. Unknown address, wrong password, invited, suspended: all cost the same work and get the same answer.
   * @param act what follows the right password. A Problem that it returns is the answer to a wrong code: that counts as a wrong try, like a
   *   wrong password; so it is returned before anything is written but what is to stay. What it throws does not count.
   * @throws Problem 429 `too_many_tries`
   */
  async attempt<Result>(
    { account, address, client, password, wrong }: Attempt,
    act: (account: Account) => Promise<Result | Problem>,
  ): Promise<Result> {
    let refusal: Problem | null = null;
    const right = await this.limits.guess(triesOf(address, account, client), async () => {
      const matches = password === undefined || (await this.passwords.match(password, account?.hash ?? null));
      if (!matches || !account?.active) return null;
      const result = await act(account);
      if (!(result instanceof Problem)) return { result };
      refusal = result;
      return null;
    });
    if (right === null) throw refusal ?? wrong();
    return right.result;
  }

  /**
   * Runs an act of whoever proves to be the editor of the session, in a transaction that holds the editor.
   * @param password undefined where the act asks for a code alone
   * @param act as in {@link attempt}
   * @throws Problem 422 `wrong_password`, 429 `too_many_tries`
   */
  async prove<Result>(
    actor: EditorActor,
    client: Client,
    password: string | undefined,
    act: (tx: EntityManager, account: Account) => Promise<Result | Problem>,
  ): Promise<Result> {
    const account = await this.account('e.id = $1', actor.editor.id, client.device);
    if (!account?.active) throw notSignedIn();
    const wrong = (): Problem => wrongPassword('password');
    return this.attempt({ account, address: account.emailCanonical, client, password, wrong }, (right) =>
      inTransaction(this.dataSource, async (tx) => {
        await this.sessions.holdOpen(tx, actor);
        return (await this.holds(tx, right)) ? act(tx, right) : wrong();
      }),
    );
  }

  /**
   * Takes a code of who has given the right password; wrong ones count for the account, wherever they come from, until a day after the first.
   * The caller holds the editor, so codes are taken one after the other, and the transaction is committed also when the code was wrong.
   * @returns whether it was right
   * @throws Problem 429 `too_many_tries`, also for a right one
   */
  async takeCode(tx: EntityManager, account: Account, code: string): Promise<boolean> {
    const bucket = { ...CODES, of: String(account.id) };
    const seconds = await this.limits.claim(bucket, tx);
    if (seconds !== null) throw tooManyTries(seconds);
    const right = await this.factors.take(tx, account, code);
    if (right) await this.limits.giveBack(bucket, tx);
    return right;
  }

  /**
   * Holds the editor until the transaction ends, so that no suspension and no other password comes between.
   * @returns false when one already has: the editor is no longer active, or has another password than the one verified
   */
  async holds(tx: EntityManager, { id, hash }: Account): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `select from editors e join editor_passwords p on p.editor_id = e.id
       where e.id = $1 and e.state = 'active' and p.hash = $2 for no key update`,
      [id, hash],
    );
    return rows.length > 0;
  }

  /** Opens a session for an editor who has proved everything there is to prove. The caller holds the editor. */
  async open(tx: EntityManager, account: Account, { device, agent }: Client): Promise<Opened> {
    const secondFactor = await this.factors.isOn(tx, account.id);
    return {
      session: { token: await this.sessions.open(tx, account.id, { agent, secondFactor }), editor: Me.of(account) },
      device: await this.devices.remember(tx, account.id, device),
    };
  }

  async account(condition: 'e.id = $1' | 'e.email_canonical = $1', value: number | string, device: string | null): Promise<Account | null> {
    const [account] = await this.dataSource.query<Account[]>(
      `select e.id, e.name, e.email, e.email_canonical as "emailCanonical", e.role, e.lang, e.state = 'active' as active, p.hash,
         ${grantsAsJson} as sections,
         exists (select from known_devices d where d.editor_id = e.id and d.token_hash = $2) as "deviceKnown"
       from editors e left join editor_passwords p on p.editor_id = e.id
       where ` + condition,
      [value, device === null ? null : tokenHash(device)],
    );
    return account ?? null;
  }
}

/**
 * What counts this try, of a password or a code. From a known device that device alone, from elsewhere the network and the address as typed,
 * whether anybody has it or not: so whoever knows the password and guesses at codes does not shut its owner out. The network first: who is
 * refused there does not use up the account's tries.
 */
function triesOf(address: string, account: Account | null, { ip, device }: Client): Bucket[] {
  if (account?.deviceKnown) return [{ ...TRIES, name: 'sign-in device', of: `${account.id} ${device}` }];
  return [
    { ...TRIES, name: 'sign-in network', of: networkOf(ip) },
    { ...TRIES, name: 'sign-in account', of: address },
  ];
}
