import type { Clock } from '@holdfast/core';

import { Housekeeping } from '../durable/housekeeping.ts';
import { CacheDisposedError } from '../errors.ts';
import { type CacheFile, moveAside, openCacheFile } from './cache-file.ts';
import type { SqliteDatabase } from './database.ts';
import { engine } from './engine.ts';
import { isCorrupt, isMissingTable, isReadOnly } from './engine-errors.ts';
import type { ResolvedSqliteOptions } from './options.ts';
import { SqliteTable } from './table.ts';

/** How often at most what has expired is removed, and how long others have their turn between two steps, in milliseconds. */
const tidyEveryMs = 1_000;
const stepPauseMs = 5;

/** For so long a file is believed to be in its place without a look, in milliseconds. */
const believedMs = 1_000;

/**
 * The table in a database handed in, or in a file opened when first needed, and its housekeeping. What is wrong with a
 * file of ours is mended, once for each operation that meets it: a corrupt one is moved aside, a table that is gone is
 * made again, and where another file has taken its place that one is used. A database handed in is never replaced.
 */
export class SqliteConnection {
  readonly #database: SqliteDatabase | string;
  readonly #options: ResolvedSqliteOptions;
  readonly #clock: Clock;
  readonly #housekeeping: Housekeeping;
  #file: CacheFile | undefined;
  #believedUntil = Infinity;
  #table: SqliteTable | undefined;
  #opening: Promise<SqliteTable> | undefined;
  #disposed = false;

  constructor(databaseOrFile: SqliteDatabase | string, options: ResolvedSqliteOptions) {
    this.#database = databaseOrFile;
    this.#options = options;
    this.#clock = options.clock;
    this.#housekeeping = new Housekeeping(options.clock, () => this.#tidy());
  }

  /** Runs `work` on the table. It may run twice, so it leaves nothing behind when it throws. */
  async use<T>(work: (table: SqliteTable) => T): Promise<T> {
    let table = this.#current() ?? (await this.#open());
    // Whoever waited before may have had to close it again.
    if (table !== this.#table) table = await this.#open();
    try {
      return work(table);
    } catch (error) {
      if (!this.#mend(error)) throw error;
    }
    return work(await this.#open());
  }

  /** Sees to it that what expires within `delayMs` is removed soon after. */
  tidyWithin(delayMs: number): void {
    if (delayMs < Infinity) this.#housekeeping.within(Math.max(delayMs, tidyEveryMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#housekeeping[Symbol.asyncDispose]();
    await this.#opening?.catch(() => undefined);
    this.#close();
  }

  /** The table, if it is open, its file in its place, and nobody waits for it, who would come first. */
  #current(): SqliteTable | undefined {
    if (this.#disposed) throw new CacheDisposedError(this.#options.name);
    if (this.#opening !== undefined) return undefined;
    if (this.#file === undefined || this.#clock.now() < this.#believedUntil) return this.#table;
    this.#believedUntil = this.#clock.now() + believedMs;
    if (this.#file.replaced) this.#close();
    return this.#table;
  }

  #open(): Promise<SqliteTable> {
    if (this.#disposed) throw new CacheDisposedError(this.#options.name);
    if (this.#opening !== undefined) return this.#opening;
    const opening = this.#makeTable();
    this.#opening = opening;
    const over = (): void => {
      this.#opening = undefined;
    };
    // First of all who wait for it.
    opening.then(over, over);
    return opening;
  }

  async #makeTable(): Promise<SqliteTable> {
    const { table, limits } = this.#options;
    const database =
      typeof this.#database === 'string' ? await this.#openFile(this.#database) : this.#database;
    this.#table = new SqliteTable(database, table, this.#clock, limits);
    // What an earlier process has left.
    this.tidyWithin(0);
    return this.#table;
  }

  async #openFile(path: string): Promise<SqliteDatabase> {
    const found = await engine();
    // Nobody would close what is opened after the disposal.
    if (this.#disposed) throw new CacheDisposedError(this.#options.name);
    this.#file = openCacheFile(path, found);
    this.#believedUntil = this.#clock.now() + believedMs;
    return this.#file.database;
  }

  /** Tells whether it is worth to try again. */
  #mend(error: unknown): boolean {
    if (isMissingTable(error)) {
      this.#close();
      return true;
    }
    if (this.#file === undefined) return false;
    const { path, identity } = this.#file;
    // Perhaps it may be written by the time that it is opened again.
    if (isReadOnly(error)) this.#close();
    if (!isCorrupt(error)) return false;
    this.#close();
    moveAside(path, identity);
    return true;
  }

  #close(): void {
    this.#table = undefined;
    this.#file?.close();
    this.#file = undefined;
  }

  #tidy(): number | undefined {
    const table = this.#table;
    if (table === undefined) return undefined;
    if (table.tidy() === 'some' || this.#file?.shrink() === 'some') return stepPauseMs;
    const nextMs = table.nextExpiryMs();
    return nextMs === undefined ? undefined : Math.max(nextMs, tidyEveryMs);
  }
}
