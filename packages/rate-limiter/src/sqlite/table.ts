import { compile, type SqliteDatabase, type SqliteStatement } from './database.ts';
import { createTables, tableNames, type TableNames } from './schema.ts';
import { ScopeRows } from './scope-rows.ts';
import { isWithinTransaction, Transaction } from './transaction.ts';

/** The subjects of all limiters and scopes in an open database. Statements are compiled once. */
export class SqliteTable {
  readonly #database: SqliteDatabase;
  readonly #names: TableNames;
  readonly #maxSubjects: number;
  readonly #transaction: Transaction;
  readonly #findScope: SqliteStatement;
  readonly #addScope: SqliteStatement;
  readonly #scopes = new Map<string, ScopeRows>();

  /** @param name - Checked: it becomes part of the statements. */
  constructor(database: SqliteDatabase, name: string, maxSubjects: number) {
    createTables(database, name);
    this.#database = database;
    this.#names = tableNames(name);
    this.#maxSubjects = maxSubjects;
    this.#transaction = new Transaction(database);
    const { scopes } = this.#names;
    this.#findScope = compile(database, `SELECT id FROM ${scopes} WHERE name = ?`);
    this.#addScope = compile(database, `INSERT OR IGNORE INTO ${scopes} (name, subjects) VALUES (?, 0)`);
  }

  /** Runs all of `work` or nothing of it, while no other process writes. */
  atomically<T>(work: () => T): T {
    return this.#transaction.run(work);
  }

  /** The subjects of a limiter's scope. Not to be called within {@link atomically}, which could undo what is noted here. */
  scope(limiter: string, scope: string): ScopeRows {
    // Also tells names apart that are not well-formed: JSON escapes what UTF-8 cannot tell.
    const name = JSON.stringify([limiter, scope]);
    const known = this.#scopes.get(name);
    if (known !== undefined) return known;
    this.#addScope.run(name);
    const { id } = this.#findScope.get(name) as { readonly id: number };
    const rows = new ScopeRows(this.#database, this.#names, id, this.#maxSubjects);
    // A transaction of the owner may undo the row, and its id may become another's.
    if (!isWithinTransaction(this.#database)) this.#scopes.set(name, rows);
    return rows;
  }
}
