import type { Clock } from '@holdfast/core';

import { compile, type SqliteDatabase, type SqliteStatement } from './database.ts';
import type { TableNames } from './schema.ts';
import type { Transaction } from './transaction.ts';

interface Row {
  readonly value: unknown;
}

/**
 * The entries of a table by namespace and key.
 *
 * Invariants:
 * - an entry that was written later has a larger id, also where it replaced another;
 * - clearing a namespace is one write, however much it holds: its entries are given to nobody from then on.
 *
 * Expiry is an instant on the wall clock, for it outlives the process.
 */
export class Entries {
  readonly #clock: Clock;
  readonly #transaction: Transaction;
  readonly #read: SqliteStatement;
  readonly #write: SqliteStatement;
  readonly #remove: SqliteStatement;
  readonly #addPart: SqliteStatement;
  readonly #dropPart: SqliteStatement;

  constructor(database: SqliteDatabase, names: TableNames, clock: Clock, transaction: Transaction) {
    const { entries, parts } = names;
    const own = `part = (SELECT part FROM ${parts} WHERE namespace = ?) AND key = ?`;
    const live = '(expires_at IS NULL OR expires_at > ?)';
    this.#clock = clock;
    this.#transaction = transaction;
    this.#read = compile(database, `SELECT value FROM ${entries} WHERE ${own} AND ${live}`);
    this.#write = compile(
      database,
      `INSERT INTO ${entries} (part, key, value, expires_at) SELECT part, ?, ?, ? FROM ${parts} WHERE namespace = ?
       ON CONFLICT (part, key) DO UPDATE SET
         id = (SELECT max(id) + 1 FROM ${entries}), value = excluded.value, expires_at = excluded.expires_at`,
    );
    this.#remove = compile(database, `DELETE FROM ${entries} WHERE ${own} RETURNING ${live} AS value`);
    this.#addPart = compile(database, `INSERT OR IGNORE INTO ${parts} (namespace) VALUES (?)`);
    this.#dropPart = compile(database, `UPDATE ${parts} SET namespace = NULL WHERE namespace = ?`);
  }

  read(namespace: string, key: string): Uint8Array | undefined {
    return bytesOf(this.#read.get(namespace, key, this.#clock.epoch()) as Row | undefined);
  }

  readMany(namespace: string, keys: readonly string[]): Map<string, Uint8Array> {
    const now = this.#clock.epoch();
    const found = new Map<string, Uint8Array>();
    this.#transaction.run(() => {
      for (const key of keys) {
        const bytes = bytesOf(this.#read.get(namespace, key, now) as Row | undefined);
        if (bytes !== undefined) found.set(key, bytes);
      }
    });
    return found;
  }

  /** @param expiresAt - In milliseconds since 1970; `null` for no end. */
  write(namespace: string, key: string, value: Uint8Array, expiresAt: number | null): void {
    if (this.#write.run(key, value, expiresAt, namespace).changes !== 0) return;
    // The first entry of this namespace.
    this.#addPart.run(namespace);
    this.#write.run(key, value, expiresAt, namespace);
  }

  /** Tells whether the key was held and had not expired. */
  remove(namespace: string, key: string): boolean {
    const removed = this.#remove.get(namespace, key, this.#clock.epoch()) as Row | undefined;
    return removed?.value === 1;
  }

  clear(namespace: string): void {
    this.#dropPart.run(namespace);
  }
}

/** A value that somebody else has put there in another type is given out as what it reads like. */
function bytesOf(row: Row | undefined): Uint8Array | undefined {
  if (row === undefined || row.value instanceof Uint8Array) return row?.value as Uint8Array | undefined;
  return Buffer.from(String(row.value));
}
