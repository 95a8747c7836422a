/**
 * Counts that outlive the process, in an SQLite file.
 *
 * @module
 */
import { SqliteConnection } from './sqlite/connection.ts';
import type { SqliteDatabase } from './sqlite/database.ts';
import { SqliteLedger } from './sqlite/ledger.ts';
import {
  checkedDatabase,
  type ResolvedSqliteStoreOptions,
  resolveSqliteOptions,
  type SqliteStoreOptions,
} from './sqlite/options.ts';
import type { Ledger, LimitPlan, RateLimitStore } from './store.ts';

export type { SqliteDatabase, SqliteStatement, SqliteValue } from './sqlite/database.ts';
export type { SqliteStoreOptions } from './sqlite/options.ts';

/**
 * Keeps the counts in SQLite: limits survive a restart, and processes of one machine that use one file share them.
 *
 * - A decision is one transaction on the calling thread, so `checkSync` works. It waits for another process that writes for
 *   at most `timeoutMs`.
 * - Windows run by the wall clock. When that is set back, nothing that counts is freed; when it is set forward, at most
 *   what counts is.
 * - When the database fails (locked, disk full, file gone), each limit does as its `onStoreError` says. What was charged
 *   then stays in this process; the file does not learn of it.
 * - A row is bounded, and so is their number. Subjects are stored as hashes. A damaged row counts as empty.
 */
export class SqliteStore implements RateLimitStore, Disposable {
  readonly #options: ResolvedSqliteStoreOptions;
  readonly #connection: SqliteConnection;

  /**
   * @param databaseOrFile - An open database of better-sqlite3 or of `node:sqlite`, which stays yours, as do its pragmas:
   * it should be in WAL mode. A decision that is made inside a transaction of yours is undone with it. Or the path of a
   * file, which is opened when first needed with `node:sqlite`, and closed with the store.
   * @throws {InvalidOptionError} naming the first option that is wrong.
   */
  constructor(databaseOrFile: SqliteDatabase | string, options: SqliteStoreOptions = {}) {
    this.#options = resolveSqliteOptions(options);
    this.#connection = new SqliteConnection(checkedDatabase(databaseOrFile), this.#options);
  }

  open(plan: LimitPlan): Ledger {
    return new SqliteLedger(this.#connection, this.#options, plan);
  }

  /** Closes the file if it was opened from a path. Later decisions are local. */
  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
