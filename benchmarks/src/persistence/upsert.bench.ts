// What does a write and a read back through our database cost over the engine itself, on a file?
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import {
  type BetterSqlite3,
  betterSqlite3,
  type Database,
  type Driver,
  nodeSqlite,
  openDatabase,
} from '@holdfast/persistence';

import { baseline, type Case, ours, peer, question } from '../harness/question.ts';

// It comes without types.
const Better = createRequire(import.meta.url)('better-sqlite3') as BetterSqlite3;

const schema = 'CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT';
const upsert = 'INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
const select = 'SELECT value FROM settings WHERE name = ?';
// What 'normal' durability means.
const pragmas = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384';

interface Engine {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: string[]): unknown; get(...values: string[]): unknown };
}

/** Writes a setting and reads it back; `around` is the transaction. */
function writing(engine: Engine, around: (work: () => unknown) => unknown = (work) => work()): Case['run'] {
  engine.exec(schema);
  const [write, read] = [engine.prepare(upsert), engine.prepare(select)];
  let turn = 0;
  return () => {
    turn = (turn + 1) % 100;
    const name = `setting ${turn}`;
    const row = around(() => {
      write.run(name, 'value');
      return read.get(name);
    });
    return (row as { readonly value: string }).value;
  };
}

export default question({
  answer: 'value',
  cases: async (scope) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    scope.defer(() => rm(folder, { recursive: true }));
    const holdfast = (name: string, driver: Driver): Database => {
      const database = openDatabase({ file: join(folder, name), durability: 'normal', driver });
      scope.defer(() => database[Symbol.dispose]());
      return database;
    };
    const node = new DatabaseSync(join(folder, 'node'));
    scope.defer(() => node.close());
    const better = new Better(join(folder, 'better'), {});
    scope.defer(() => better.close());
    node.exec(pragmas);
    better.exec(pragmas);
    const transacted = holdfast('transacted', nodeSqlite());
    return [
      baseline('node:sqlite', writing(node)),
      ours('Database on node:sqlite', writing(holdfast('ours-node', nodeSqlite()))),
      ours(
        'Database on node:sqlite, transaction()',
        writing(transacted, (work) => transacted.transaction(work)),
      ),
      ours('Database on better-sqlite3', writing(holdfast('ours-better', betterSqlite3(Better)))),
      peer('better-sqlite3', '', writing(better as unknown as Engine)),
    ];
  },
});
