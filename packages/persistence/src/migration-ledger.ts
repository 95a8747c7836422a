import type { Database } from './database.ts';
import type { Connection } from './driver.ts';
import { DatabaseNewerError, MigrationDriftError } from './errors.ts';
import { checksum, type Migration } from './migration.ts';

/** What the database itself says was applied, in order. */
export interface AppliedMigration {
  readonly id: string;
  readonly checksum: string;
  /** Milliseconds since 1970. */
  readonly appliedAt: number;
}

const table = 'holdfast_migrations';

export function createLedger(database: Database): void {
  database.exec(`CREATE TABLE IF NOT EXISTS ${table} (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  )`);
}

/** Empty for a database that was never migrated. */
export function readLedger(database: Pick<Connection, 'prepare'>): AppliedMigration[] {
  const known = database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table);
  if (known === undefined) return [];
  return database
    .prepare<AppliedMigration>(`SELECT id, checksum, applied_at AS appliedAt FROM ${table} ORDER BY position`)
    .all();
}

export function recordApplied(database: Database, position: number, entry: AppliedMigration): void {
  database
    .prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`)
    .run(position, entry.id, entry.checksum, entry.appliedAt);
}

export function recordUndone(database: Database, id: string): void {
  database.prepare(`DELETE FROM ${table} WHERE id = ?`).run(id);
}

/**
 * Compares what was applied with the list, of which it must be the beginning.
 *
 * @throws {MigrationDriftError} when the list differs in what was applied.
 * @throws {DatabaseNewerError} when more was applied than the list has.
 */
export function compareLedger(applied: readonly AppliedMigration[], migrations: readonly Migration[]): void {
  for (const [position, { id, checksum: recorded }] of applied.entries()) {
    const migration = migrations[position];
    if (migration === undefined) throw new DatabaseNewerError(applied.slice(position).map((each) => each.id));
    if (migration.id !== id) throw new MigrationDriftError(id, 'order');
    if (checksum(migration) !== recorded) throw new MigrationDriftError(id, 'changed');
  }
}
