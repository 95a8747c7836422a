/** What an SQLite driver takes and gives. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

export interface SqliteStatement {
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint };
  get(...parameters: SqliteValue[]): unknown;
  all(...parameters: SqliteValue[]): unknown[];
}

/** The part of an open database that the tier uses: those of better-sqlite3 and of `node:sqlite` fit. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
}

/** A database that we opened, and therefore close. */
export interface OwnedDatabase extends SqliteDatabase {
  close(): unknown;
}

/** How long an operation may block the process for another writer, in milliseconds. It then fails, which is a miss. */
const busyMs = 50;

/**
 * Opens `file` with better-sqlite3, to be shared with other processes: WAL, so that readers and a writer do not wait for
 * each other, and `synchronous = NORMAL`, which may lose the last writes to a power failure but never the file.
 */
export async function openFile(file: string): Promise<OwnedDatabase> {
  // Declared by nobody: the package brings no types.
  const driver = 'better-sqlite3';
  const { default: Database } = (await import(driver)) as {
    readonly default: new (path: string, options: { readonly timeout: number }) => OwnedDatabase;
  };
  const database = new Database(file, { timeout: busyMs });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  return database;
}
