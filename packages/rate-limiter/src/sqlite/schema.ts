import { compile, type SqliteDatabase } from './database.ts';
import { Transaction } from './transaction.ts';

/** What the store's part of a database consists of. The names are checked: they become part of statements. */
export interface TableNames {
  /** One row per subject and scope. */
  readonly subjects: string;
  /** One row per limiter and scope. The number of its subjects is kept by triggers, so it is right whoever writes. */
  readonly scopes: string;
}

export function tableNames(table: string): TableNames {
  return { subjects: `"${table}"`, scopes: `"${table}_scopes"` };
}

/** Creates what is missing. Nothing is written, and no lock is waited for, if all is there. */
export function createTables(database: SqliteDatabase, table: string): void {
  const wanted = ['', '_scopes', '_added', '_removed'].map((suffix) => table + suffix);
  const holes = wanted.map(() => '?').join(', ');
  const found = compile(database, `SELECT count(*) AS there FROM sqlite_schema WHERE name IN (${holes})`);
  const { there } = found.get(...wanted) as { readonly there: number };
  if (there < wanted.length) new Transaction(database).run(() => database.exec(definition(table)));
}

function definition(table: string): string {
  const { subjects, scopes } = tableNames(table);
  const counted = `(SELECT count(*) FROM ${subjects} WHERE ${subjects}.scope = ${scopes}.id)`;
  return `
    CREATE TABLE IF NOT EXISTS ${scopes} (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, subjects INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS ${subjects} (
      scope INTEGER NOT NULL,
      subject BLOB NOT NULL,
      expires_at INTEGER NOT NULL,
      value BLOB NOT NULL,
      PRIMARY KEY (scope, subject)
    ) WITHOUT ROWID;
    UPDATE ${scopes} SET subjects = ${counted};
    CREATE TRIGGER IF NOT EXISTS "${table}_added" AFTER INSERT ON ${subjects} BEGIN
      UPDATE ${scopes} SET subjects = subjects + 1 WHERE id = NEW.scope;
    END;
    CREATE TRIGGER IF NOT EXISTS "${table}_removed" AFTER DELETE ON ${subjects} BEGIN
      UPDATE ${scopes} SET subjects = subjects - 1 WHERE id = OLD.scope;
    END;`;
}
