import { compile, type SqliteDatabase, type SqliteStatement } from './database.ts';

interface Bracket {
  readonly begin: SqliteStatement;
  readonly end: SqliteStatement;
  readonly undo: SqliteStatement;
}

/**
 * Runs work as a whole or not at all. It holds the lock of the file from its first statement on, so that nothing it has
 * read is changed by another process before it writes. Inside a transaction of the database's owner it is a part of that.
 */
export class Transaction {
  readonly #database: SqliteDatabase;
  readonly #alone: Bracket;
  readonly #within: Bracket;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#alone = {
      begin: compile(database, 'BEGIN IMMEDIATE'),
      end: compile(database, 'COMMIT'),
      undo: compile(database, 'ROLLBACK'),
    };
    this.#within = {
      begin: compile(database, 'SAVEPOINT holdfast_rate_limiter'),
      end: compile(database, 'RELEASE holdfast_rate_limiter'),
      undo: compile(database, 'ROLLBACK TO holdfast_rate_limiter'),
    };
  }

  run<T>(work: () => T): T {
    const bracket = isWithinTransaction(this.#database) ? this.#within : this.#alone;
    bracket.begin.run();
    try {
      const result = work();
      bracket.end.run();
      return result;
    } catch (error) {
      this.#rollBack(bracket);
      throw error;
    }
  }

  #rollBack(bracket: Bracket): void {
    try {
      bracket.undo.run();
      if (bracket === this.#within) bracket.end.run();
    } catch {
      // The engine has rolled it back by itself, as it does on a full disk.
    }
  }
}

/** Whether the database's owner has a transaction open. */
export function isWithinTransaction({ inTransaction, isTransaction }: SqliteDatabase): boolean {
  return (inTransaction ?? isTransaction) === true;
}
