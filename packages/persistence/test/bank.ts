import type { Database } from '@holdfast/persistence';

/** What the two tables of the bank hold together, whatever is moved between them. */
export const bankTotal = 20_000;

/** Two tables with a sum that every transaction keeps, and a log that grows with each. */
export function createBank(database: Database): void {
  database.exec(`
    CREATE TABLE debit (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
    CREATE TABLE credit (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
    CREATE TABLE log (id INTEGER PRIMARY KEY, note BLOB NOT NULL);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
    INSERT INTO debit SELECT i, 100 FROM n;
    INSERT INTO credit SELECT id, 100 FROM debit;
  `);
}

/** Moves 1 from one table to the other, and logs it. @returns The number of the transfer. */
export function transferring(database: Database): () => number {
  const take = database.prepare('UPDATE debit SET amount = amount - 1 WHERE id = ?');
  const give = database.prepare('UPDATE credit SET amount = amount + 1 WHERE id = ?');
  const note = database.prepare('INSERT INTO log (note) VALUES (randomblob(400))');
  let account = 0;
  return () =>
    database.transaction(() => {
      account = (account % 100) + 1;
      take.run(account);
      give.run(101 - account);
      return Number(note.run().lastInsertRowid);
    });
}

/** What `integrity_check` finds wrong. */
export function damageOf(database: Database): readonly unknown[] {
  const rows = database.prepare('PRAGMA integrity_check').all();
  return rows.filter((row) => row['integrity_check'] !== 'ok');
}

export function bankOf(database: Database): { readonly total: number; readonly transfers: number } {
  const row = database
    .prepare<{ total: number; transfers: number }>(
      `SELECT (SELECT sum(amount) FROM debit) + (SELECT sum(amount) FROM credit) AS total,
              (SELECT count(*) FROM log) AS transfers`,
    )
    .get();
  return row ?? { total: 0, transfers: 0 };
}
