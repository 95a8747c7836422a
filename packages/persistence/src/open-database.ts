import { isHoldfastError } from '@holdfast/core';

import { Database } from './database.ts';
import type { Connection } from './driver.ts';
import { DatabaseOpenError } from './errors.ts';
import { type DatabaseOptions, resolveOptions } from './options.ts';
import { applyPragmas, requireSafeVersion } from './pragmas.ts';

/**
 * Opens a SQLite database with every setting made explicit. Synchronous, like the engines themselves: so a constructor
 * or a CommonJS file can call it too.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 * @throws {DatabaseOpenError} when the file cannot be opened, is no database or cannot be in WAL mode.
 * @throws {SqliteVersionError} when the engine is older than SQLite 3.51.3.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const resolved = resolveOptions(options);
  let connection: Connection | undefined;
  try {
    connection = resolved.driver.open(resolved.file, resolved);
    if (!resolved.allowVulnerableSqlite) requireSafeVersion(connection, resolved.driver.name);
    applyPragmas(connection, resolved);
    return new Database(connection, resolved);
  } catch (error) {
    connection?.close();
    if (isHoldfastError(error)) throw error;
    throw new DatabaseOpenError(resolved.file, (error as Error).message, error);
  }
}
