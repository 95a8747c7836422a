import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type IJobQueue, type JobQueueOptions, MemoryJobQueue } from '@holdfast/jobs';
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import {
  type BetterSqlite3,
  betterSqlite3,
  type Database,
  type Driver,
  nodeSqlite,
  openDatabase,
} from '@holdfast/persistence';

export const drivers: readonly Driver[] = [
  nodeSqlite(),
  betterSqlite3(createRequire(import.meta.url)('better-sqlite3') as BetterSqlite3),
];

export function driver(name: string | undefined): Driver {
  const found = drivers.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no driver ${name}`);
  return found;
}

/** A place for jobs that goes with the test. */
export interface Store extends Disposable {
  /** Another queue object over the same jobs, as another process would have it; the same object where that cannot be. */
  readonly open: (options?: JobQueueOptions) => IJobQueue;
}

export interface Engine {
  readonly name: string;
  readonly store: () => Store;
}

const memory: Engine = {
  name: 'memory',
  store: () => {
    let queue: IJobQueue | undefined;
    return { open: (options) => (queue ??= new MemoryJobQueue(options)), [Symbol.dispose]: () => {} };
  },
};

export const engines: readonly Engine[] = [
  memory,
  ...drivers.map((each) => ({
    name: `SQLite on ${each.name}`,
    store: (): Store => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-jobs-'));
      const databases: Database[] = [];
      return {
        open: (options) => {
          const database = openDatabase({
            file: join(folder, 'jobs.db'),
            driver: each,
            durability: 'normal',
          });
          databases.push(database);
          return new SqliteJobQueue(database, options);
        },
        [Symbol.dispose]: () => {
          for (const database of databases) database[Symbol.dispose]();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  })),
];
