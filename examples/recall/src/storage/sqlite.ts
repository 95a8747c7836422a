import { sqliteDialect } from './sqlite-dialect.ts';
import type { Row, SqlDatabase, SqlValue, Work } from './sql-work.ts';

/** What the storage needs of a SQLite database; that of @holdfast/persistence has it. */
export interface SqliteConnection extends Disposable {
  prepare(sql: string): SqliteStatement;
  /** Runs `work` in a transaction that takes the write lock when it begins. */
  transaction<T>(work: () => T): T;
}

export interface SqliteStatement {
  run(...parameters: SqlValue[]): unknown;
  all(...parameters: SqlValue[]): unknown[];
}

/**
 * Runs work on SQLite at once: nothing else of this process comes between its statements. The schema has to be there
 * (see `sqliteMigrations`) and foreign keys on. It owns the connection and closes it.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly name = 'sqlite';
  readonly dialect = sqliteDialect;
  readonly #connection: SqliteConnection;
  readonly #prepared = new Map<string, PreparedStatement>();

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async read<T>(work: () => Work<T>): Promise<T> {
    await turnOfTheLoop();
    return this.#run(work());
  }

  async write<T>(work: () => Work<T>): Promise<T> {
    await turnOfTheLoop();
    return this.#connection.transaction(() => this.#run(work()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared.clear();
    this.#connection[Symbol.dispose]();
  }

  #run<T>(work: Work<T>): T {
    let step = work.next();
    while (step.done !== true) step = work.next(this.#execute(step.value.sql, step.value.parameters));
    return step.value;
  }

  #execute(sql: string, parameters: readonly SqlValue[]): readonly Row[] {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) this.#prepared.set(sql, (prepared = prepare(this.#connection, sql)));
    const values = prepared.order.map((index) => parameters[index] ?? null);
    if (prepared.returnsRows) return prepared.statement.all(...values) as Row[];
    prepared.statement.run(...values);
    return [];
  }
}

/**
 * The driver answers at once, so callers that wait for one another would run on as microtasks and keep the event loop from
 * everything else, be it hundreds of them.
 */
const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface PreparedStatement {
  readonly statement: SqliteStatement;
  /** Which parameter each question mark stands for. */
  readonly order: readonly number[];
  readonly returnsRows: boolean;
}

/** Drivers disagree on how numbered parameters are bound, but not on question marks. */
function prepare(connection: SqliteConnection, sql: string): PreparedStatement {
  const order: number[] = [];
  const positional = sql.replaceAll(/\$(\d+)/g, (_, number: string) => {
    order.push(Number(number) - 1);
    return '?';
  });
  const returnsRows = /^\s*SELECT\b|\bRETURNING\b/.test(sql);
  return { statement: connection.prepare(positional), order, returnsRows };
}
