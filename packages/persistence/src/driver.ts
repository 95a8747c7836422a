/** What SQLite stores and gives back. Blobs come back as `Uint8Array` or its subclass `Buffer`. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A value for one `?`, or an object with the values of all `:name`s; names are written without their prefix. */
export type SqlParameter = SqlValue | Readonly<Record<string, SqlValue>>;

export interface RunResult {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/**
 * A prepared statement: the engine's own object, so that nothing stands between a query and its rows.
 * A statement that gives rows (`SELECT`, `RETURNING`, a pragma) is read with `get`, `all` or `iterate`; any other is run.
 */
export interface Statement<Row = Record<string, SqlValue>> {
  run(...parameters: SqlParameter[]): RunResult;
  get(...parameters: SqlParameter[]): Row | undefined;
  all(...parameters: SqlParameter[]): Row[];
  iterate(...parameters: SqlParameter[]): IterableIterator<Row>;
}

/** One open handle of an engine, before any setting of ours. */
export interface Connection {
  readonly inTransaction: boolean;
  exec(sql: string): void;
  prepare<Row = Record<string, SqlValue>>(sql: string): Statement<Row>;
  /**
   * Writes everything this connection sees over the database at `file`, through the engine, as one transaction there.
   *
   * @param pagesPerStep - How many pages are copied before other work gets a turn.
   * @throws {DatabaseBusyError} when the target is locked; nothing was done.
   */
  copyTo(file: string, pagesPerStep: number): Promise<void>;
  close(): void;
}

export interface ConnectionOptions {
  readonly readOnly: boolean;
}

/** A SQLite engine. Everything that differs between engines is behind this interface. */
export interface Driver {
  readonly name: string;
  /** Opens with a busy timeout of 5 s. At once: the engines are synchronous, and a promise would only pretend that they are not. */
  open(file: string, options: ConnectionOptions): Connection;
}

/** How long opening waits for other connections, which may be making the same database just now. */
export const openingTimeoutMs: number = 5_000;

/** As many pages as a step can take: the copy is made in one go. */
export const allPages: number = 2 ** 31 - 1;
