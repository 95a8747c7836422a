import type * as NodeSqlite from 'node:sqlite';

import type { OwnedDatabase } from './database.ts';
import { SqliteMissingError } from './errors.ts';

/** An SQLite that can open files. */
export interface Engine {
  readonly name: 'node:sqlite' | 'better-sqlite3';
  open(file: string): OwnedDatabase;
}

/**
 * The engine inside Node.js where it is no longer experimental, else better-sqlite3 if it is installed, else the
 * experimental one, which says so on the console.
 *
 * @throws {SqliteMissingError} when there is none.
 */
export async function engine(nodeVersion: string = process.versions.node): Promise<Engine> {
  const builtIn = nodeSqlite();
  if (builtIn !== undefined && isSettled(nodeVersion)) return builtIn;
  const found = (await betterSqlite3()) ?? builtIn;
  if (found === undefined) throw new SqliteMissingError();
  return found;
}

/** @see https://nodejs.org/api/sqlite.html: release candidate since 24.15.0 and 25.7.0. */
function isSettled(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major === 24) return minor >= 15;
  return major === 25 ? minor >= 7 : major > 25;
}

function nodeSqlite(): Engine | undefined {
  // Asked for by name at run time, so that neither a bundler nor a Node.js without it stumbles over the import.
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof NodeSqlite | undefined;
  return sqlite && { name: 'node:sqlite', open: (file) => new sqlite.DatabaseSync(file) };
}

async function betterSqlite3(): Promise<Engine | undefined> {
  // Declared by nobody: the package brings no types.
  const driver = 'better-sqlite3';
  try {
    const { default: Database } = (await import(driver)) as {
      readonly default: new (path: string) => OwnedDatabase;
    };
    return { name: driver, open: (file) => new Database(file) };
  } catch (error) {
    if (String((error as { readonly code?: unknown }).code).endsWith('MODULE_NOT_FOUND')) return undefined;
    throw error;
  }
}
