import { createHash } from 'node:crypto';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Connection } from './connection.js';

/** A statement PostgreSQL parses once per connection. Its name is the hash of its text, so one name never has two texts. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** @param text whole SQL put together from closed lists in code; values go in as `$1` … */
export function statement(text: string): Statement {
  return { name: createHash('sha256').update(text).digest('base64url').slice(0, 24), text };
}

/** How a reader door is furnished. */
interface Furnishing {
  readonly connections: number;
  readonly applicationName: string;
  /** SQL that sets what holds for each session beside what holds for the role. */
  readonly settings: string;
}

const FOR_PAGES: Furnishing = { connections: 10, applicationName: 'markaz reader', settings: '' };

/**
 * The reader door: published content only, through a login role that may SELECT from the views of schema `pub` and nothing else.
 * A bare pool rather than a second DataSource, because TypeORM's `query` cannot name a statement.
 */
export class Reader implements OnApplicationShutdown {
  private readonly pool: pg.Pool;

  constructor(
    connection: Connection & { options?: string },
    private readonly furnishing: Furnishing = FOR_PAGES,
  ) {
    this.pool = new pg.Pool({
      ...connection,
      max: furnishing.connections,
      connectionTimeoutMillis: 1_000,
      query_timeout: 5_000,
      // A new one has to plan every statement anew, which takes longer than most reads.
      idleTimeoutMillis: 300_000,
      keepAlive: true,
      application_name: furnishing.applicationName,
    });
    // By statement, because poolers refuse start-up options; it goes before whatever the connection was opened for.
    const { settings } = furnishing;
    if (settings !== '') this.pool.on('connect', (client) => void client.query(settings).catch(ignore));
    // An idle connection that the server ends must not end the process; the next read opens another.
    this.pool.on('error', (error) => new Logger('Reader').warn(`idle connection lost: ${error.message}`));
  }

  /**
   * @returns the rows of one prepared statement
   * @throws pg's DatabaseError, or the connection's error when a new connection fails too
   */
  async rows<Row extends pg.QueryResultRow>({ name, text }: Statement, values: readonly unknown[]): Promise<Row[]> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.pool.connect();
      // A connection lost in use fails its statement, which is awaited here, and is also told as an event, which unheard would end the process.
      client.on('error', ignore);
      try {
        const { rows } = await client.query<Row>({ name, text, values: [...values] });
        client.release();
        return rows;
      } catch (error) {
        const fault = faultOf(error);
        client.release(fault !== 'statement');
        // Reading again changes nothing, and every idle connection may be lost, or hold a plan made stale by a changed view: the one after them is new.
        if (fault !== 'connection' || attempt > this.furnishing.connections) throw error;
      } finally {
        client.off('error', ignore);
      }
    }
  }

  /** @returns the first row, or null */
  async row<Row extends pg.QueryResultRow>(prepared: Statement, values: readonly unknown[]): Promise<Row | null> {
    const [row] = await this.rows<Row>(prepared, values);
    return row ?? null;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

/**
 * The reader door of search. Its statements end soon: a search that takes longer helps nobody. No walks along an index of dates: they would
 * read the whole text of every row on the way. What is left are bitmaps, for rare words as for common ones, so one plan serves all.
 */
export class SearchReader extends Reader {
  constructor(connection: Connection & { options?: string }) {
    super(connection, {
      connections: SEARCHES_AT_ONCE,
      applicationName: 'markaz search',
      settings: `
        set statement_timeout = '800ms';
        set plan_cache_mode = force_generic_plan;
        set work_mem = '32MB';
        set jit = off;
        set enable_indexscan = off;
        set enable_seqscan = off;
        set pg_trgm.similarity_threshold = 0.25`,
    });
  }
}

/** Connections of {@link SearchReader}. */
export const SEARCHES_AT_ONCE = 4;

const ignore = (): void => undefined;

/**
 * What failed: the statement itself, the connection (SQLSTATE class 08 and 57P: lost; 0A000: a cached plan whose view has changed, which
 * would fail on this connection for ever), or our patience, after which the connection's state is unknown.
 */
function faultOf(error: unknown): 'statement' | 'connection' | 'patience' {
  if (error instanceof pg.DatabaseError) return error.code === '0A000' || /^(08|57P)/.test(error.code ?? '') ? 'connection' : 'statement';
  return error instanceof Error && error.message === 'Query read timeout' ? 'patience' : 'connection';
}
