import { type Connection, type Driver, openingTimeoutMs, type Statement } from './driver.ts';
import { DatabaseBusyError } from './errors.ts';
import { pragma } from './pragmas.ts';

/** As much of a better-sqlite3 database as we use. */
export interface BetterSqlite3Database {
  readonly inTransaction: boolean;
  exec(sql: string): unknown;
  prepare(sql: string): object;
  backup(
    file: string,
    options: { progress: () => number },
  ): Promise<{ totalPages: number; remainingPages: number }>;
  close(): unknown;
}

/** The default export of better-sqlite3 13 or later. */
export type BetterSqlite3 = new (
  file: string,
  options: { readonly?: boolean; timeout?: number },
) => BetterSqlite3Database;

/** The engine of the package better-sqlite3, which the caller imports and hands in. */
export function betterSqlite3(Database: BetterSqlite3): Driver {
  return {
    name: 'better-sqlite3',
    open: (file, { readOnly }) =>
      new BetterSqlite3Connection(new Database(file, { readonly: readOnly, timeout: openingTimeoutMs })),
  };
}

class BetterSqlite3Connection implements Connection {
  readonly #handle: BetterSqlite3Database;

  constructor(handle: BetterSqlite3Database) {
    this.#handle = handle;
  }

  get inTransaction(): boolean {
    return this.#handle.inTransaction;
  }

  exec(sql: string): void {
    this.#handle.exec(sql);
  }

  prepare<Row>(sql: string): Statement<Row> {
    return this.#handle.prepare(sql) as Statement<Row>;
  }

  async copyTo(file: string, pagesPerStep: number): Promise<void> {
    const { totalPages } = await this.#handle.backup(file, { progress: () => pagesPerStep });
    // With a locked target it resolves as if all were done, having counted no page.
    if (totalPages === 0 && pragma(this, 'page_count') !== 0) throw new DatabaseBusyError(file, 0);
  }

  close(): void {
    this.#handle.close();
  }
}
