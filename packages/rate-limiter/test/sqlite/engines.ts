import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteDatabase } from '@holdfast/rate-limiter/sqlite';
import { onTestFinished } from 'vitest';

export interface OpenDatabase extends SqliteDatabase {
  close(): unknown;
}

interface BetterDatabase extends OpenDatabase {
  defaultSafeIntegers(enabled: boolean): this;
}

export const BetterSqlite3 = createRequire(import.meta.url)('better-sqlite3') as new (
  path: string,
) => BetterDatabase;

/** Both engines. A process must never open one file with both: each drops the other's locks on it. */
export const engines: readonly [name: string, open: (path: string) => OpenDatabase][] = [
  ['better-sqlite3', (path) => new BetterSqlite3(path)],
  ['node:sqlite', (path) => new DatabaseSync(path)],
];

/** A path in a folder that goes with the test. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'limits.db');
}

/** How many subjects have a row. */
export function countRows(database: SqliteDatabase): number {
  const row = database.prepare('SELECT count(*) AS rows FROM holdfast_rate_limits').get();
  return (row as { readonly rows: number }).rows;
}
