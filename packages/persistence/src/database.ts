import { statSync } from 'node:fs';

import { allPages, type Connection, type Driver, type SqlValue, type Statement } from './driver.ts';
import { TransactionError } from './errors.ts';
import type { Durability, ResolvedDatabaseOptions } from './options.ts';

export interface DatabaseStatistics {
  readonly component: 'database';
  /** Outermost transactions that were committed. */
  readonly committed: number;
  /** Outermost transactions that were rolled back. */
  readonly rolledBack: number;
  /** Size of the file in bytes; 0 in memory. */
  readonly fileBytes: number;
  /** Size of the write-ahead log in bytes. */
  readonly walBytes: number;
}

/** A step of a copy takes the engine a few milliseconds; between two steps other work gets its turn. */
const pagesPerStep = 500;

/**
 * One connection to a SQLite database, as `openDatabase` sets it up. It writes; others may read beside it.
 *
 * Invariants:
 * - a transaction takes the write lock when it begins, so it never fails half-way because another connection writes;
 * - when `transaction` returns, all of it is committed; when it throws, none of it is, unless it was ended from inside.
 */
export class Database implements Disposable {
  readonly name: string;
  /** Absolute path, or `':memory:'`. */
  readonly file: string;
  readonly driver: Driver;
  readonly durability: Durability;
  readonly readOnly: boolean;
  readonly #connection: Connection;
  #open = true;
  #committed = 0;
  #rolledBack = 0;

  constructor(connection: Connection, options: ResolvedDatabaseOptions) {
    this.#connection = connection;
    this.name = options.name;
    this.file = options.file;
    this.driver = options.driver;
    this.durability = options.durability;
    this.readOnly = options.readOnly;
  }

  get inTransaction(): boolean {
    return this.#connection.inTransaction;
  }

  /** Runs any number of statements and forgets their rows. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** Compiles one statement, to be kept and run many times. `Row` is believed, not checked. */
  prepare<Row = Record<string, SqlValue>>(sql: string): Statement<Row> {
    return this.#connection.prepare<Row>(sql);
  }

  /**
   * Runs `work` in a transaction: `BEGIN IMMEDIATE`, or a savepoint inside another transaction. What `work` throws
   * rolls it back and comes through.
   *
   * @throws {TransactionError} when `work` returns a promise (it would run on after the end) or ends the transaction.
   */
  transaction<T>(work: () => T): T {
    const nested = this.inTransaction;
    this.exec(nested ? 'SAVEPOINT nested' : this.readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE');
    try {
      const result = work();
      // How it ends is nobody's business any more: its caller is told here.
      if (result instanceof Promise) result.catch(() => undefined);
      if (isThenable(result)) throw new TransactionError('a transaction must be synchronous, got a promise');
      if (!this.inTransaction) throw new TransactionError('the transaction was ended from inside');
      this.exec(nested ? 'RELEASE nested' : 'COMMIT');
      if (!nested) this.#committed += 1;
      return result;
    } catch (error) {
      // Some failures, such as a full disk, make the engine roll back by itself.
      if (this.inTransaction) this.exec(nested ? 'ROLLBACK TO nested; RELEASE nested' : 'ROLLBACK');
      if (!nested) this.#rolledBack += 1;
      throw error;
    }
  }

  /**
   * Copies the database, as it is now, over the database at `file`, or into a new one, through the engine. Writers go
   * on meanwhile and are not in the copy. The event loop keeps turning.
   */
  async copyTo(file: string): Promise<void> {
    // No other connection can see a database in memory, so its copy is made in one go.
    if (this.file === ':memory:') return this.#connection.copyTo(file, allPages);
    // A connection of its own that holds a snapshot: otherwise each write by others would start the copy afresh.
    const snapshot = this.driver.open(this.file, { readOnly: true });
    try {
      snapshot.exec('BEGIN');
      snapshot.prepare('SELECT count(*) FROM sqlite_schema').get();
      await snapshot.copyTo(file, pagesPerStep);
    } finally {
      snapshot.close();
    }
  }

  statistics(): DatabaseStatistics {
    const [fileBytes, walBytes] =
      this.file === ':memory:' ? [0, 0] : [size(this.file), size(`${this.file}-wal`)];
    return {
      component: 'database',
      committed: this.#committed,
      rolledBack: this.#rolledBack,
      fileBytes,
      walBytes,
    };
  }

  /** Refreshes the planner's statistics, empties the write-ahead log as far as readers allow, and closes. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (this.inTransaction) this.exec('ROLLBACK');
      if (!this.readOnly) this.exec('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // Both are housekeeping: a lock or a full disk that hinders them must not hinder closing.
    } finally {
      this.#connection.close();
    }
  }
}

/** Asks for the size by name: opening and closing the file here would drop the engine's locks on it (POSIX). */
function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function';
}
