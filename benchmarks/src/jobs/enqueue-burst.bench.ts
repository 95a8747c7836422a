// What does each of 100 jobs cost that are enqueued at once by 100 callers, on a SQLite file?
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';

import { baseline, type Case, ours, question, reference } from '../harness/question.ts';

const callers = 100;
const payload = { user: 'user:1', about: 'x'.repeat(200) };
const everyJob = Array.from({ length: callers }, () => ({ type: 'no-op', payload }));
const schema = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE jobs (id INTEGER PRIMARY KEY, type TEXT, state TEXT, priority INTEGER, run_at INTEGER, payload TEXT) STRICT;
  CREATE INDEX due ON jobs (priority, run_at) WHERE state = 'waiting'`;
const insert = `INSERT INTO jobs (type, state, priority, run_at, payload) VALUES ('no-op', 'waiting', 2, ?, ?)`;

function insertAll(database: DatabaseSync): Case['run'] {
  const statement = database.prepare(insert);
  return async () => {
    for (const job of everyJob) statement.run(Date.now(), JSON.stringify(job.payload));
    return callers;
  };
}

export default question({
  answer: callers,
  callsPerRun: callers,
  cases: async (scope) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    scope.defer(() => rm(folder, { recursive: true }));
    const bare = new DatabaseSync(join(folder, 'bare'));
    scope.defer(() => bare.close());
    bare.exec(schema);
    const database = openDatabase({ file: join(folder, 'ours'), durability: 'normal' });
    scope.defer(() => database[Symbol.dispose]());
    const queue = new SqliteJobQueue(database);
    const oneByOne = insertAll(bare);
    return [
      baseline('INSERT, each on its own', oneByOne),
      reference('INSERT, all in one transaction', async () => {
        bare.exec('BEGIN');
        const inserted = await oneByOne();
        bare.exec('COMMIT');
        return inserted;
      }),
      ours('SqliteJobQueue, 100 calls of enqueue', async () => {
        const enqueued = await Promise.all(everyJob.map((job) => queue.enqueue(job)));
        return enqueued.length;
      }),
      ours('SqliteJobQueue, one call with a list', async () => (await queue.enqueue(everyJob)).length),
    ];
  },
});
