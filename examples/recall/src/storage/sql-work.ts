/** A value as it goes into a statement, the same for every database. */
export type SqlValue = string | number | Uint8Array | null;

/** A row as it comes out: columns by name. */
export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  /** With parameters `$1`, `$2`, …, each used as often as needed. */
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/**
 * Database work that does no I/O of its own: it yields statements and is given their rows. So one text of the logic
 * runs without a pause on SQLite, whose drivers answer at once, and over the network on Postgres.
 */
export type Work<T> = Generator<Statement, T, readonly Row[]>;

/** Runs a statement from within {@link Work}: `const rows = yield* query('…', …)`. */
export function* query(sql: string, ...parameters: readonly SqlValue[]): Work<readonly Row[]> {
  return yield { sql, parameters };
}

/** What runs {@link Work}. */
export interface SqlDatabase extends AsyncDisposable {
  readonly name: string;
  readonly dialect: Dialect;
  /** Runs work that changes nothing. */
  read<T>(work: () => Work<T>): Promise<T>;
  /** Runs work in a transaction of its own; again from the start, should the database ask for that. */
  write<T>(work: () => Work<T>): Promise<T>;
}

/** Where the databases differ in the SQL they speak. */
export interface Dialect {
  /** The elements of a JSON array of strings, as a subquery of one column `value`. */
  values(parameter: string): string;
  /** Whether the JSON array of strings in a column has an element. */
  contains(column: string, parameter: string): string;
  /** The query in the index's own language for items that have any of the terms. */
  anyOf(terms: readonly string[], owner: number): string;
  /**
   * Items that match: columns `id`, `score`. `$1` is the user, `$2` the query, `$3` the limit; `filter` is put behind
   * `WHERE …` and may use further parameters.
   */
  match(filter: string): string;
  /** Passages: columns `id`, `passage`. `$1` is the user, `$2` the query, `$3` a JSON array of item ids. */
  snippets(): string;
}

/** What a passage's matches are put between; stored text has neither. */
export const highlightStart = '\u0002';
export const highlightEnd = '\u0003';
