import { type Connection, openingTimeoutMs, type SqlValue } from './driver.ts';
import { isBusy } from './engine-errors.ts';
import { DatabaseOpenError, SqliteVersionError } from './errors.ts';
import type { ResolvedDatabaseOptions } from './options.ts';

/** Before it, a checkpoint that resets the log could corrupt a database with two connections (3.7.0 to 3.51.2). */
const minimumVersion = '3.51.3';

/** The first value that a pragma gives. */
export function pragma(connection: Pick<Connection, 'prepare'>, statement: string): SqlValue | undefined {
  const row = connection.prepare(`PRAGMA ${statement}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

export function sqliteVersion(connection: Connection): string {
  return connection.prepare<{ version: string }>('SELECT sqlite_version() AS version').get()?.version ?? '0';
}

/** @throws {SqliteVersionError} when the engine is older than the fix of the WAL-reset bug. */
export function requireSafeVersion(connection: Connection, driver: string): void {
  const version = sqliteVersion(connection);
  if (isOlder(version, minimumVersion)) throw new SqliteVersionError(driver, version, minimumVersion);
}

/**
 * Sets everything that a connection's behaviour hangs on. Each setting belongs to the connection, not to the file,
 * and the engines are compiled with different defaults: so nothing is left to them. On macOS a flush reaches the
 * disk itself only with `fullfsync`; elsewhere that changes nothing.
 *
 * @throws {DatabaseOpenError} when the file cannot be in WAL mode, as on some network file systems.
 */
export function applyPragmas(connection: Connection, options: ResolvedDatabaseOptions): void {
  if (!options.readOnly) requireWal(connection, options.file);
  connection.exec(`
    PRAGMA synchronous = ${options.durability === 'full' ? 'FULL' : 'NORMAL'};
    PRAGMA fullfsync = ${options.durability === 'full' ? 'ON' : 'OFF'};
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -${Math.ceil(options.cacheBytes / 1024)};
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = ${options.walLimitBytes};
    PRAGMA busy_timeout = ${options.busyTimeoutMs};
    PRAGMA query_only = ${options.readOnly ? 'ON' : 'OFF'};
  `);
}

function requireWal(connection: Connection, file: string): void {
  const mode = switchToWal(connection);
  if (mode !== 'wal' && file !== ':memory:')
    throw new DatabaseOpenError(file, `it stays in journal mode ${String(mode)}, wal is needed`);
}

/**
 * The switch of a new database fails at once, whatever the busy timeout, when another process makes the same switch:
 * waiting could be a deadlock. So the wait is out here, and blocks as opening does anyway.
 */
function switchToWal(connection: Connection): SqlValue | undefined {
  const pauseMs = 10;
  for (let leftMs = openingTimeoutMs; ; leftMs -= pauseMs) {
    try {
      return pragma(connection, 'journal_mode = WAL');
    } catch (error) {
      if (!isBusy(error) || leftMs <= 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}

function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((each) => each.split('.').map(Number)) as [number[], number[]];
  const differing = right.findIndex((part, index) => part !== (left[index] ?? 0));
  return differing >= 0 && (left[differing] ?? 0) < (right[differing] ?? 0);
}
