/** As much of a SQLite database as the queue uses: better-sqlite3, `node:sqlite` and `@holdfast/persistence` fit. */
export interface SqlDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqlStatement;
}

export interface SqlStatement {
  run(...parameters: SqlParameters[]): unknown;
  get(...parameters: SqlParameters[]): unknown;
  all(...parameters: SqlParameters[]): unknown[];
}

/** The values of all `:name`s of a statement. */
export type SqlParameters = Record<string, string | number | null>;

/** Whether the engine gave up waiting for another connection's lock. better-sqlite3 names the code, node:sqlite numbers it. */
export function isBusy(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return typeof errcode === 'number' ? (errcode & 0xff) === 5 : String(code).startsWith('SQLITE_BUSY');
}
