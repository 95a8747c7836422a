import { compile, type SqliteDatabase, type SqliteStatement } from './database.ts';

/**
 * Runs work as a whole or not at all, also inside a transaction of the database's owner. The first statement of the work
 * has to be a write if any is: a read that came before could be of a state that another process has replaced meanwhile.
 */
export class Transaction {
  readonly #begin: SqliteStatement;
  readonly #end: SqliteStatement;
  readonly #undo: SqliteStatement;

  constructor(database: SqliteDatabase) {
    this.#begin = compile(database, 'SAVEPOINT holdfast');
    this.#end = compile(database, 'RELEASE holdfast');
    this.#undo = compile(database, 'ROLLBACK TO holdfast');
  }

  run<T>(work: () => T): T {
    this.#begin.run();
    try {
      const result = work();
      this.#end.run();
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#undo.run();
      this.#end.run();
    } catch {
      // The engine has rolled it back by itself, as it does on a full disk.
    }
  }
}
