/**
 * A tier in an SQLite file.
 *
 * @module
 */
import { identifier } from './checks.ts';
import { JsonCache } from './entry/json-cache.ts';
import { SqliteConnection } from './sqlite/connection.ts';
import type { SqliteDatabase } from './sqlite/database.ts';
import { checkedDatabase, resolveOptions, type SqliteOptions } from './sqlite/options.ts';
import { SqliteStore } from './sqlite/store.ts';

export type { JsonCache, JsonCacheStatistics } from './entry/json-cache.ts';
export type { SqliteDatabase, SqliteStatement, SqliteValue } from './sqlite/database.ts';
export { SqliteMissingError } from './sqlite/errors.ts';
export type { SqliteOptions } from './sqlite/options.ts';

/**
 * A cache in SQLite that outlives the process: a tier for `createCache`, or by itself a cache of JSON values.
 *
 * It is bounded: what was written longest ago goes first. What has expired is removed in the background. Several processes
 * can use one file. Operations run on the calling thread and block it for as long as SQLite takes: microseconds for one
 * entry, at most 50 ms while another process writes, and in proportion for batches, of which each is one transaction.
 *
 * A file that turns out to be corrupt, or no database, is renamed to end in `.corrupt`, and a new one takes its place: so
 * name no file that is of any other use. On a full disk, or where the file may only be read, reads go on and writes reject.
 *
 * @param databaseOrFile - An open database of better-sqlite3 13 or later, of `node:sqlite` or of `@holdfast/persistence`,
 * which stays yours, as do its pragmas; it is never replaced. Or the path of a file, which is opened when first needed, with
 * `node:sqlite` where that is no longer experimental, else with better-sqlite3 if it is installed, and closed on disposal.
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function sqlite<V = unknown>(
  databaseOrFile: SqliteDatabase | string,
  options: SqliteOptions = {},
): JsonCache<V> {
  const resolved = resolveOptions(options);
  const connection = new SqliteConnection(checkedDatabase(databaseOrFile), resolved);
  return new JsonCache<V>(resolved.name, {
    all: new SqliteStore('', connection, () => connection[Symbol.asyncDispose]()),
    part: (namespace) =>
      new SqliteStore(identifier('namespace', namespace), connection, async () => undefined),
  });
}
