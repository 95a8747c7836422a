import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '@holdfast/core';
import type { PostgresPool } from '@holdfast/tiered-cache/postgres';
import pg from 'pg';

/** A name that no other test uses. */
export function newTable(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}

/** Lets real time pass: the server measures the lives of entries. */
export const pass = (ms: number): Promise<void> =>
  new Promise((resolve) => void systemClock.schedule(resolve, ms));

/** The system's clock, a day ahead: a machine whose clock nobody has set. */
export const wrongClock: Clock = { ...systemClock, epoch: () => systemClock.epoch() + 86_400_000 };

/** An administrator's view of the database, with timeouts, as the tests break the server. */
export function openPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
    ...options,
  });
  pool.on('error', () => undefined);
  return pool;
}

/** The first row of what a statement gives. */
export async function first<Row>(pool: pg.Pool, text: string, values: unknown[] = []): Promise<Row> {
  const { rows } = await pool.query(text, values);
  return rows[0] as Row;
}

export async function countRows(pool: pg.Pool, table: string): Promise<number> {
  const { count } = await first<{ count: number }>(pool, `SELECT count(*)::int AS count FROM ${table}`);
  return count;
}

/** Makes everything in a table expire, as if its time had passed. */
export async function expireAll(pool: pg.Pool, table: string): Promise<void> {
  await pool.query(`UPDATE ${table} SET expires_at = statement_timestamp() - interval '1 hour'
    WHERE expires_at < 'infinity'`);
}

/** Gives each query to another connection, as a pooler does that lends them out by transaction. */
export function scattering(pools: readonly pg.Pool[]): PostgresPool {
  let turn = 0;
  return {
    query: (text, values) => {
      turn += 1;
      return (pools[turn % pools.length] as pg.Pool).query(text, values);
    },
    on: () => undefined,
    off: () => undefined,
  };
}
