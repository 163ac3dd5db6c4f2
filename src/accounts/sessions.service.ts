import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ActingEditor } from '../access/policy.js';
import { newToken, tokenHash } from './tokens.js';

/** Opaque sessions: 256 random bits, of which the database holds the SHA-256. They end 12 h after their last use and 14 d after their start. */
@Injectable()
export class SessionsService {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns the token, which is nowhere else */
  async open(tx: EntityManager, editorId: number): Promise<string> {
    const token = newToken();
    await tx.query(`insert into sessions (token_hash, editor_id) values ($1, $2)`, [tokenHash(token), editorId]);
    return token;
  }

  /** Ends all sessions of an editor; call it in the transaction that changes password, role, grants or state. */
  async endAll(tx: EntityManager, editorId: number): Promise<void> {
    // A sign-in at this moment holds the row: its session is seen, and ended, only by a statement that begins after it.
    await tx.query(`select from editors where id = $1 for no key update`, [editorId]);
    await tx.query(`delete from sessions where editor_id = $1`, [editorId]);
  }

  async end(token: string): Promise<void> {
    await this.dataSource.query(`delete from sessions where token_hash = $1`, [tokenHash(token)]);
  }

  /** @returns whose session it is, or null when it has ended or never was; its use counts, written down once a minute */
  async editorOf(token: string): Promise<ActingEditor | null> {
    const [row] = await this.dataSource.query<(ActingEditor & { stale: boolean })[]>(
      `select e.id, e.name, e.role, s.seen_at < now() - interval '1 minute' as stale,
         coalesce((select json_agg(section_id order by section_id) from editor_sections g where g.editor_id = e.id), '[]') as sections
       from sessions s join editors e on e.id = s.editor_id
       where s.token_hash = $1 and e.state = 'active' and s.seen_at > now() - interval '12 hours' and s.created_at > now() - interval '14 days'`,
      [tokenHash(token)],
    );
    if (!row) return null;
    if (row.stale) await this.dataSource.query(`update sessions set seen_at = now() where token_hash = $1`, [tokenHash(token)]);
    const { id, name, role, sections } = row;
    return { id, name, role, sections };
  }
}
