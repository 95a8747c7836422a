import { compile, type SqliteDatabase } from './database.ts';
import { entryBytesSql } from './entry-bytes.ts';
import { Transaction } from './transaction.ts';

/** What a table of the cache consists of. The names are checked: they become part of statements. */
export interface TableNames {
  /** Entries. Their ids are in the order of the writes. */
  readonly entries: string;
  /** Which part of the entries belongs to a namespace. A part without one was cleared and waits for its removal. */
  readonly parts: string;
  /** One row: how many entries there are and how many bytes they count as. Kept by triggers, so it is right whoever writes. */
  readonly size: string;
}

export function tableNames(table: string): TableNames {
  return { entries: `"${table}"`, parts: `"${table}_parts"`, size: `"${table}_size"` };
}

/**
 * Creates what is missing, in one transaction. Writes nothing if all is there, so the file may be read-only then. A table of
 * parts that has to be made again does not give away the parts that its predecessor gave.
 */
export function createTables(database: SqliteDatabase, table: string): void {
  const wanted = ['', '_expires_at', '_parts', '_size', '_added', '_removed', '_changed'];
  const names = wanted.map((suffix) => table + suffix);
  const holes = names.map(() => '?').join(', ');
  const count = compile(database, `SELECT count(*) AS there FROM sqlite_schema WHERE name IN (${holes})`);
  const { there } = count.get(...names) as { readonly there: number };
  if (there < names.length) new Transaction(database).run(() => database.exec(definition(table)));
}

function definition(table: string): string {
  const { entries, parts, size } = tableNames(table);
  return `
    CREATE TABLE IF NOT EXISTS ${parts} (part INTEGER PRIMARY KEY, namespace TEXT UNIQUE);
    CREATE TABLE IF NOT EXISTS ${entries} (
      id INTEGER PRIMARY KEY,
      part INTEGER NOT NULL,
      key TEXT NOT NULL,
      value BLOB NOT NULL,
      expires_at INTEGER,
      UNIQUE (part, key)
    );
    CREATE INDEX IF NOT EXISTS "${table}_expires_at" ON ${entries} (expires_at) WHERE expires_at IS NOT NULL;
    INSERT INTO ${parts} (part) SELECT max(part) AS last FROM ${entries}
      HAVING last NOTNULL AND last NOT IN (SELECT part FROM ${parts});
    CREATE TABLE IF NOT EXISTS ${size} (entries INTEGER NOT NULL, bytes INTEGER NOT NULL);
    DELETE FROM ${size};
    INSERT INTO ${size} SELECT count(*), coalesce(sum(${entryBytesSql('')}), 0) FROM ${entries};
    CREATE TRIGGER IF NOT EXISTS "${table}_added" AFTER INSERT ON ${entries} BEGIN
      UPDATE ${size} SET entries = entries + 1, bytes = bytes + ${entryBytesSql('NEW.')};
    END;
    CREATE TRIGGER IF NOT EXISTS "${table}_removed" AFTER DELETE ON ${entries} BEGIN
      UPDATE ${size} SET entries = entries - 1, bytes = bytes - ${entryBytesSql('OLD.')};
    END;
    CREATE TRIGGER IF NOT EXISTS "${table}_changed" AFTER UPDATE OF value, key ON ${entries} BEGIN
      UPDATE ${size} SET bytes = bytes + ${entryBytesSql('NEW.')} - ${entryBytesSql('OLD.')};
    END;`;
}
