import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqliteDatabase } from '@holdfast/tiered-cache/sqlite';
import { onTestFinished } from 'vitest';

import { engine } from '../../src/sqlite/engine.ts';

export interface OpenDatabase extends SqliteDatabase {
  close(): unknown;
}

export const BetterSqlite3 = createRequire(import.meta.url)('better-sqlite3') as new (
  path: string,
  options?: { readonly readonly?: boolean },
) => OpenDatabase;

/** Both engines. A process must never open one file with both: each drops the other's locks on it. */
export const engines: readonly [name: string, open: (path: string) => OpenDatabase][] = [
  ['better-sqlite3', (path) => new BetterSqlite3(path)],
  ['node:sqlite', (path) => new DatabaseSync(path)],
];

/** Opens a file as the tier itself would. */
export async function openLikeTheTier(path: string): Promise<OpenDatabase> {
  return (await engine()).open(path);
}

/** A path in a folder that goes with the test. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'cache.db');
}

/** How many rows there are, whatever is given out of them. */
export function countRows(database: SqliteDatabase, table = 'holdfast_cache'): number {
  const row = database.prepare(`SELECT count(*) AS rows FROM "${table}"`).get() as { readonly rows: number };
  return row.rows;
}

/** What the table believes to hold, and what it holds. */
export function sizes(database: SqliteDatabase): { readonly counted: unknown; readonly held: unknown } {
  const counted = database.prepare('SELECT entries FROM holdfast_cache_size').get();
  const held = database.prepare('SELECT count(*) AS entries FROM holdfast_cache').get();
  return { counted: { ...(counted as object) }, held: { ...(held as object) } };
}
