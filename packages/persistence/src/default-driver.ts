import { type BetterSqlite3, betterSqlite3 } from './better-sqlite3.ts';
import type { Driver } from './driver.ts';
import { nodeSqlite } from './node-sqlite.ts';

/**
 * The engine for when none is handed in: the one inside Node.js where it is no longer experimental, else
 * better-sqlite3 if it is installed, else the experimental one, which says so on the console.
 */
export function defaultDriver(nodeVersion: string = process.versions.node): Driver {
  return isSettled(nodeVersion) ? nodeSqlite() : (installed() ?? nodeSqlite());
}

/** @see https://nodejs.org/api/sqlite.html: release candidate since 24.15.0 and 25.7.0. */
function isSettled(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major === 24) return minor >= 15;
  return major === 25 ? minor >= 7 : major > 25;
}

/** Loads better-sqlite3 from where this package is, as `require` would, in both module formats. */
function installed(): Driver | undefined {
  const { createRequire } = process.getBuiltinModule('node:module');
  const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
  try {
    return betterSqlite3(require('better-sqlite3') as BetterSqlite3);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
