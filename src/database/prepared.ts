import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { Statement } from './reader.js';

/** Longer than PostgreSQL waits for a lock, shorter than a reader waits for an answer. */
const PATIENCE_MS = 5_000;

/**
 * Prepared statements on the main connection, each a transaction of its own. TypeORM's `query` cannot name a statement, so that every call
 * would be parsed and planned anew; the pool behind it can.
 */
@Injectable()
export class Prepared {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Never tried again: whoever writes has to know that a lost connection may have lost the answer alone.
   * @throws pg's DatabaseError, or the connection's error; the connection is closed then, whatever was wrong with it
   */
  async rows<Row extends pg.QueryResultRow>({ name, text }: Statement, values: readonly unknown[]): Promise<Row[]> {
    const pool = (this.dataSource.driver as PostgresDriver).master as pg.Pool;
    const query = { name, text, values: [...values], query_timeout: PATIENCE_MS };
    return (await pool.query<Row>(query)).rows;
  }
}
