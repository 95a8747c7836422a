import type { Clock } from '@holdfast/core';

import type { SqliteDatabase, SqliteStatement, SqliteValue } from './sqlite-database.ts';

/** Expired rows removed at most by one cleanup, and writes between two cleanups. */
const cleanupRows = 200;
const cleanupEvery = 50;

/** Rows that one step of a clear removes: some 10 ms of work. */
const clearRows = 5_000;

interface Row {
  readonly key: string;
  readonly value: unknown;
}

/**
 * One table of bytes by namespace and key. A rowid table with an index on expiry: cleanup finds what has expired
 * without a scan, in steps that are bounded however much there is.
 *
 * Expiry is an instant on the wall clock, for it outlives the process.
 */
export class SqliteTable {
  readonly #clock: Clock;
  readonly #readOne: SqliteStatement;
  readonly #readMany: SqliteStatement;
  readonly #write: SqliteStatement;
  readonly #removeMany: SqliteStatement;
  readonly #removeExpired: SqliteStatement;
  readonly #lastRow: SqliteStatement;
  readonly #removeSome: SqliteStatement;
  #writes = 0;

  /** @param name - Checked: it becomes part of the statements. */
  constructor(database: SqliteDatabase, name: string, clock: Clock) {
    this.#clock = clock;
    database.exec(`
      CREATE TABLE IF NOT EXISTS "${name}" (
        namespace TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        expires_at INTEGER,
        PRIMARY KEY (namespace, key)
      );
      CREATE INDEX IF NOT EXISTS "${name}_expires_at" ON "${name}" (expires_at) WHERE expires_at IS NOT NULL;`);
    const live = '(expires_at IS NULL OR expires_at > ?)';
    const listed = 'namespace = ? AND key IN (SELECT value FROM json_each(?))';
    this.#readOne = database.prepare(
      `SELECT key, value FROM "${name}" WHERE namespace = ? AND key = ? AND ${live}`,
    );
    this.#readMany = database.prepare(`SELECT key, value FROM "${name}" WHERE ${listed} AND ${live}`);
    this.#write = database.prepare(
      `INSERT INTO "${name}" (namespace, key, value, expires_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
    );
    this.#removeMany = database.prepare(
      `DELETE FROM "${name}" WHERE ${listed} RETURNING expires_at AS value`,
    );
    this.#removeExpired = database.prepare(
      `DELETE FROM "${name}" WHERE rowid IN
       (SELECT rowid FROM "${name}" WHERE expires_at <= ? ORDER BY expires_at LIMIT ${cleanupRows})`,
    );
    this.#lastRow = database.prepare(`SELECT max(rowid) AS value FROM "${name}"`);
    this.#removeSome = database.prepare(
      `DELETE FROM "${name}" WHERE rowid IN
       (SELECT rowid FROM "${name}" WHERE namespace = ? AND rowid <= ? LIMIT ${clearRows})`,
    );
  }

  read(namespace: string, keys: readonly string[]): Map<string, unknown> {
    const [only] = keys;
    const now = this.#clock.epoch();
    const rows =
      only !== undefined && keys.length === 1
        ? [this.#readOne.get(namespace, only, now)].filter((row) => row !== undefined)
        : this.#readMany.all(namespace, JSON.stringify(keys), now);
    return new Map((rows as Row[]).map(({ key, value }) => [key, value]));
  }

  /** @param ttlMs - More than 0; `Infinity` for no end. */
  write(namespace: string, key: string, value: Uint8Array, ttlMs: number): void {
    const expiresAt = this.#clock.epoch() + Math.ceil(ttlMs);
    const expiry: SqliteValue = Number.isSafeInteger(Math.floor(expiresAt)) ? Math.floor(expiresAt) : null;
    this.#write.run(namespace, key, value, expiry);
    this.#writes += 1;
    if (this.#writes % cleanupEvery === 0) this.#removeExpired.run(this.#clock.epoch());
  }

  /** Tells how many of the keys were held and had not expired. */
  remove(namespace: string, keys: readonly string[]): number {
    const now = this.#clock.epoch();
    const removed = this.#removeMany.all(namespace, JSON.stringify(keys)) as { readonly value: unknown }[];
    return removed.filter(({ value }) => value === null || Number(value) > now).length;
  }

  /** The last row there is now: what a clear that begins now has to reach. */
  lastRow(): number {
    return Number((this.#lastRow.get() as { readonly value: unknown }).value ?? 0);
  }

  /** Removes some rows of `namespace` up to `lastRow`. Tells whether there may be more. */
  removeSome(namespace: string, lastRow: number): 'more' | 'none' {
    return Number(this.#removeSome.run(namespace, lastRow).changes) < clearRows ? 'none' : 'more';
  }
}
