/**
 * A tier in an SQLite file.
 *
 * @module
 */
import { type Clock, methods, systemClock, text } from '@holdfast/core';

import { identifier } from './checks.ts';
import { CacheDisposedError } from './errors.ts';
import { JsonCache } from './json-cache.ts';
import { type OwnedDatabase, openFile, type SqliteDatabase } from './sqlite-database.ts';
import { SqliteStore } from './sqlite-store.ts';
import { SqliteTable } from './sqlite-table.ts';

export type { JsonCache, JsonCacheStatistics } from './json-cache.ts';
export type { SqliteDatabase, SqliteStatement, SqliteValue } from './sqlite-database.ts';

export interface SqliteOptions {
  /** Shown in errors and statistics. Defaults to `'sqlite'`. */
  readonly name?: string | undefined;
  /** Letters, digits, `.`, `_` and `-`. Created if it is missing. Defaults to `'holdfast_cache'`. */
  readonly table?: string | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * A cache in SQLite that outlives the process: a tier for `createCache`, or by itself a cache of JSON values.
 * Operations run on the calling thread and block it for as long as SQLite takes.
 *
 * @param databaseOrFile - An open database of better-sqlite3 or `node:sqlite`, which stays yours, as do its pragmas; or
 * the path of a file, which is opened in WAL mode when first needed and closed on disposal. The latter needs
 * better-sqlite3 installed.
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function sqlite<V = unknown>(
  databaseOrFile: SqliteDatabase | string,
  options: SqliteOptions = {},
): JsonCache<V> {
  const name = text('name', options.name ?? 'sqlite');
  const tableName = identifier('table', options.table ?? 'holdfast_cache');
  const clock = methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
  const handle = new SqliteHandle(checkedDatabase(databaseOrFile), name, tableName, clock);
  const table = (): SqliteTable | Promise<SqliteTable> => handle.table();
  const all = new SqliteStore('', table, clock, () => handle[Symbol.asyncDispose]());
  return new JsonCache<V>(name, {
    all,
    part: (namespace) =>
      new SqliteStore(identifier('namespace', namespace), table, clock, async () => undefined),
  });
}

/** The table in a database handed in, or in one opened when first needed. */
class SqliteHandle {
  readonly #database: SqliteDatabase | string;
  readonly #name: string;
  readonly #tableName: string;
  readonly #clock: Clock;
  #table: SqliteTable | Promise<SqliteTable> | undefined;
  #owned: OwnedDatabase | undefined;
  #disposed = false;

  constructor(database: SqliteDatabase | string, name: string, tableName: string, clock: Clock) {
    this.#database = database;
    this.#name = name;
    this.#tableName = tableName;
    this.#clock = clock;
  }

  table(): SqliteTable | Promise<SqliteTable> {
    if (this.#disposed) throw new CacheDisposedError(this.#name);
    return (this.#table ??= this.#open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await Promise.resolve(this.#table).catch(() => undefined);
    this.#owned?.close();
  }

  #open(): SqliteTable | Promise<SqliteTable> {
    if (typeof this.#database !== 'string')
      return new SqliteTable(this.#database, this.#tableName, this.#clock);
    return this.#openFile(this.#database).catch((error: unknown) => {
      // The next operation tries again.
      this.#table = undefined;
      throw error;
    });
  }

  async #openFile(file: string): Promise<SqliteTable> {
    this.#owned = await openFile(file);
    return new SqliteTable(this.#owned, this.#tableName, this.#clock);
  }
}

function checkedDatabase(databaseOrFile: SqliteDatabase | string): SqliteDatabase | string {
  if (typeof databaseOrFile === 'string') return text('databaseOrFile', databaseOrFile);
  return methods('databaseOrFile', databaseOrFile, 'exec', 'prepare');
}
