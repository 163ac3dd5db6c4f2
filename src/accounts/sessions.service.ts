import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { notSignedIn, type EditorActor } from '../access/access.js';
import type { ActingEditor } from '../access/policy.js';
import { AuditService } from '../audit/audit.service.js';
import { inTransaction } from '../database/transaction.js';
import { noSuchThing } from '../http/refusals.js';
import { grantsAsJson } from './editors.queries.js';
import { SessionList, type SessionRow } from './session.dto.js';
import { newToken, tokenHash } from './tokens.js';

/** Whom a request comes from. */
export interface Bearer {
  readonly editor: ActingEditor;
  /** The editor's role demands a second factor, and this session was opened without. */
  readonly mustEnrol: boolean;
}

/** How a session was opened. */
interface Opening {
  /** What its owner knows it by; see `agentOf`. */
  readonly agent: string | null;
  /** Whether the editor has a second factor, and has just brought it. */
  readonly secondFactor: boolean;
}

/** Opaque sessions: 256 random bits, of which the database holds the SHA-256. They end 12 h after their last use and 14 d after their start. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
  ) {}

  /** @returns the token, which is nowhere else */
  async open(
    tx: EntityManager,
    editorId: number,
    { agent, secondFactor }: Opening = { agent: null, secondFactor: false },
  ): Promise<string> {
    const token = newToken();
    await tx.query(`insert into sessions (token_hash, editor_id, agent, second_factor) values ($1, $2, $3, $4)`, [
      tokenHash(token),
      editorId,
      agent,
      secondFactor,
    ]);
    return token;
  }

  /** Ends all sessions of an editor; call it in the transaction that changes role or grants. Tokens stay: they do what the editor now may. */
  async endAll(tx: EntityManager, editorId: number): Promise<void> {
    // A sign-in at this moment holds the row: its session is seen, and ended, only by a statement that begins after it.
    await hold(tx, editorId);
    await tx.query(`delete from sessions where editor_id = $1`, [editorId]);
  }

  /**
   * Ends all sessions and all tokens of an editor; call it in the transaction that changes password, address, state or second factor.
   * Whoever made a token may be the one against whom the change is made.
   */
  async endAllAccess(tx: EntityManager, editorId: number): Promise<void> {
    await this.endAll(tx, editorId);
    await tx.query(`delete from api_tokens where editor_id = $1`, [editorId]);
  }

  /**
   * Holds the editor, and makes sure that the session that asks has not ended meanwhile: for acts that open another way in.
   * @throws Problem 401
   */
  async holdOpen(tx: EntityManager, { editor: { id, session } }: EditorActor): Promise<void> {
    await hold(tx, id);
    const rows = await tx.query<unknown[]>(`select from sessions where id = $1 and editor_id = $2`, [session, id]);
    if (rows.length === 0) throw notSignedIn();
  }

  /** The editor's own sessions that have not ended, the newest first. */
  async list({ editor: { id, session } }: EditorActor): Promise<SessionList> {
    const rows = await this.dataSource.query<SessionRow[]>(
      `select id, id = $2 as current, agent, created_at, seen_at, second_factor from sessions
       where editor_id = $1 and seen_at > now() - interval '12 hours' and created_at > now() - interval '14 days'
       order by created_at desc, id`,
      [id, session],
    );
    return SessionList.of(rows);
  }

  /** Ends the session of this request. */
  async signOut({ editor: { session } }: EditorActor): Promise<void> {
    await this.dataSource.query(`delete from sessions where id = $1`, [session]);
  }

  /** Ends one of the editor's own sessions. @throws Problem 404 */
  async end(actor: EditorActor, id: string): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      const [, ended] = await tx.query<[unknown, number]>(`delete from sessions where id = $1 and editor_id = $2`, [id, actor.editor.id]);
      if (ended === 0) throw noSuchThing();
      await this.tellAudit(tx, actor, ended);
    });
  }

  /** Ends all sessions of the editor but the one that asks. */
  async endOthers(actor: EditorActor): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      await this.holdOpen(tx, actor);
      const { id, session } = actor.editor;
      const [, ended] = await tx.query<[unknown, number]>(`delete from sessions where editor_id = $1 and id <> $2`, [id, session]);
      if (ended > 0) await this.tellAudit(tx, actor, ended);
    });
  }

  /** @returns whose session it is, or null when it has ended or never was; its use counts, written down once a minute */
  async bearerOf(token: string): Promise<Bearer | null> {
    const [row] = await this.dataSource.query<(ActingEditor & { session: string; mustEnrol: boolean; stale: boolean })[]>(
      `select e.id, e.name, e.role, s.id as session, s.seen_at < now() - interval '1 minute' as stale,
         not s.second_factor and exists (select from center where e.role = any(second_factor_roles)) as "mustEnrol",
         ${grantsAsJson} as sections
       from sessions s join editors e on e.id = s.editor_id
       where s.token_hash = $1 and e.state = 'active' and s.seen_at > now() - interval '12 hours' and s.created_at > now() - interval '14 days'`,
      [tokenHash(token)],
    );
    if (!row) return null;
    const { id, name, role, sections, session, mustEnrol, stale } = row;
    if (stale) await this.dataSource.query(`update sessions set seen_at = now() where id = $1`, [session]);
    return { editor: { id, name, role, sections, session }, mustEnrol };
  }

  private tellAudit(tx: EntityManager, actor: EditorActor, ended: number): Promise<void> {
    return this.audit.record(tx, actor, { act: 'editors.end_sessions', object: { type: 'editor', id: actor.editor.id }, after: { ended } });
  }
}

/** Nobody signs this editor in, and nothing ends the editor's sessions, until the transaction ends. */
async function hold(tx: EntityManager, editorId: number): Promise<void> {
  await tx.query(`select from editors where id = $1 for no key update`, [editorId]);
}
