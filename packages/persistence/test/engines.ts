import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type BetterSqlite3, betterSqlite3, type Driver, nodeSqlite } from '@holdfast/persistence';

/** Both engines. A process must never open one file with both: each drops the other's locks on it. */
export const engines: readonly Driver[] = [
  nodeSqlite(),
  betterSqlite3(createRequire(import.meta.url)('better-sqlite3') as BetterSqlite3),
];

export function engine(name: string | undefined): Driver {
  const found = engines.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no engine ${name}`);
  return found;
}

export interface Folder extends Disposable {
  readonly at: (name: string) => string;
}

/** A folder that goes with the test. */
export function temporaryFolder(): Folder {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-persistence-'));
  return {
    at: (name) => join(folder, name),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
