/** What an SQLite driver takes and gives. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

export interface SqliteStatement {
  run(...parameters: SqliteValue[]): unknown;
  get(...parameters: SqliteValue[]): unknown;
  all(...parameters: SqliteValue[]): unknown[];
}

/**
 * The part of an open database that the store uses: those of better-sqlite3 and of `node:sqlite` fit, whatever habits
 * they were opened with.
 */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  /** Whether a transaction is open, as better-sqlite3 calls it. */
  readonly inTransaction?: boolean | undefined;
  /** Whether a transaction is open, as `node:sqlite` calls it. */
  readonly isTransaction?: boolean | undefined;
}

/** A database that we opened, and therefore close. */
export interface OwnedDatabase extends SqliteDatabase {
  close(): unknown;
}

/** What a driver may have been told about rows: `node:sqlite` knows the first two, better-sqlite3 the third. */
interface Habits {
  setReturnArrays?(enabled: boolean): unknown;
  setReadBigInts?(enabled: boolean): unknown;
  safeIntegers?(enabled: boolean): unknown;
}

/** Compiles a statement once, for rows that are objects of plain numbers even where the database's owner wants others. */
export function compile(database: SqliteDatabase, sql: string): SqliteStatement {
  const statement: SqliteStatement & Habits = database.prepare(sql);
  statement.setReturnArrays?.(false);
  statement.setReadBigInts?.(false);
  statement.safeIntegers?.(false);
  return statement;
}
