import type * as NodeSqlite from 'node:sqlite';
import { RateLimitStoreError } from '../errors.ts';
import type { SqliteDatabase } from './database.ts';
import { isBusy } from './engine-errors.ts';
import { LimitsFile, nodeSqlite } from './limits-file.ts';
import type { ResolvedSqliteStoreOptions } from './options.ts';
import { SqliteTable } from './table.ts';

/** For so long a file is believed to be in its place without a look, in milliseconds. */
const believedMs = 1_000;

/**
 * The table in a database that was handed in, or in a file that is opened when first needed, opened anew after a failure,
 * and where another file has taken its place.
 */
export class SqliteConnection {
  readonly #database: SqliteDatabase | string;
  readonly #options: ResolvedSqliteStoreOptions;
  #file: LimitsFile | undefined;
  #believedUntil = Infinity;
  #table: SqliteTable | undefined;
  #disposed = false;

  constructor(database: SqliteDatabase | string, options: ResolvedSqliteStoreOptions) {
    this.#database = database;
    this.#options = options;
  }

  /**
   * Runs `work` on the table. It may run twice, so it leaves nothing behind when it throws.
   *
   * @param now - in milliseconds, monotonic.
   * @throws What the engine throws.
   */
  use<T>(now: number, work: (table: SqliteTable) => T): T {
    if (this.#disposed) throw new RateLimitStoreError('the store is disposed of');
    this.#look(now);
    if (this.#table !== undefined) {
      try {
        return work(this.#table);
      } catch (error) {
        if (isBusy(error)) throw error;
        this.#close();
      }
    }
    // Opened anew, it may work: somebody may have removed the tables, or undone the transaction that made them.
    try {
      return work(this.#open(now));
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#close();
  }

  #look(now: number): void {
    if (this.#file === undefined || now < this.#believedUntil) return;
    this.#believedUntil = now + believedMs;
    if (this.#file.replaced) this.#close();
  }

  #open(now: number): SqliteTable {
    const { table, maxSubjects, timeoutMs } = this.#options;
    if (typeof this.#database !== 'string')
      return (this.#table = new SqliteTable(this.#database, table, maxSubjects));
    this.#file ??= new LimitsFile(this.#database, nodeSqlite() as typeof NodeSqlite, timeoutMs);
    this.#believedUntil = now + believedMs;
    return (this.#table = new SqliteTable(this.#file.database, table, maxSubjects));
  }

  #close(): void {
    this.#table = undefined;
    this.#file?.close();
    this.#file = undefined;
  }
}
