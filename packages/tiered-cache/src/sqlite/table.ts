import type { Clock } from '@holdfast/core';

import type { Rest } from '../durable/housekeeping.ts';
import type { DurableLimits } from '../durable/limits.ts';
import type { SqliteDatabase } from './database.ts';
import { isFull } from './engine-errors.ts';
import { entryBytes } from './entry-bytes.ts';
import { Entries } from './entries.ts';
import { Removal } from './removal.ts';
import { createTables, tableNames } from './schema.ts';
import { Transaction } from './transaction.ts';

/** An entry on its way into a table. */
export type Writing = readonly [key: string, value: Uint8Array];

/**
 * A table of bytes by namespace and key in an open database, bounded in entries and bytes. Its statements are compiled once.
 *
 * Invariant: after a write there are no more entries than `maxEntries`, nor more bytes than `maxBytes` plus what that write
 * brought, unless it displaced more than a hundred rows at once: then the rest of them is left to {@link tidy}.
 */
export class SqliteTable {
  readonly #limits: DurableLimits;
  readonly #clock: Clock;
  readonly #transaction: Transaction;
  readonly #entries: Entries;
  readonly #removal: Removal;

  /** @param name - Checked: it becomes part of the statements. */
  constructor(database: SqliteDatabase, name: string, clock: Clock, limits: DurableLimits) {
    createTables(database, name);
    const names = tableNames(name);
    this.#limits = limits;
    this.#clock = clock;
    this.#transaction = new Transaction(database);
    this.#entries = new Entries(database, names, clock, this.#transaction);
    this.#removal = new Removal(database, names, clock, limits);
  }

  get entries(): Pick<Entries, 'read' | 'readMany' | 'clear'> {
    return this.#entries;
  }

  /**
   * Writes all or none. An entry that is larger than `maxBytes` is not kept, nor is what it replaces.
   *
   * @param ttlMs - More than 0; `Infinity` for no end.
   */
  write(namespace: string, writings: readonly Writing[], ttlMs: number): Rest {
    try {
      this.#write(namespace, writings, ttlMs);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#removal.giveWay();
      this.#write(namespace, writings, ttlMs);
    }
    return this.#trim(writings.length);
  }

  /** Tells how many of the keys were held and had not expired. */
  remove(namespace: string, keys: readonly string[]): number {
    const [only] = keys;
    if (only !== undefined && keys.length === 1) return this.#entries.remove(namespace, only) ? 1 : 0;
    return this.#transaction.run(() => keys.filter((key) => this.#entries.remove(namespace, key)).length);
  }

  /** Removes some of what has expired, was cleared or is over the limits. */
  tidy(): Rest {
    return this.#removal.step();
  }

  /** In how many milliseconds the next entry expires, at least 0; `undefined` if none ever does. */
  nextExpiryMs(): number | undefined {
    return this.#removal.nextExpiryMs();
  }

  #write(namespace: string, writings: readonly Writing[], ttlMs: number): void {
    const expiresAt = Math.floor(this.#clock.epoch() + Math.ceil(ttlMs));
    const expiry = Number.isSafeInteger(expiresAt) ? expiresAt : null;
    const write = ([key, value]: Writing): void => {
      if (entryBytes(key, value) > this.#limits.maxBytes) this.#entries.remove(namespace, key);
      else this.#entries.write(namespace, key, value, expiry);
    };
    const [only] = writings;
    if (only !== undefined && writings.length === 1) write(only);
    else this.#transaction.run(() => writings.forEach(write));
  }

  /** What was written stays written, whether or not room is made for it. */
  #trim(written: number): Rest {
    try {
      return this.#removal.trim(written);
    } catch {
      return 'some';
    }
  }
}
