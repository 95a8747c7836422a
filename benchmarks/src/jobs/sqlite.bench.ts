// What does a job cost from enqueue over claim to completion, on a SQLite file?
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { type IJobQueue, MemoryJobQueue } from '@holdfast/jobs';
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';

import { baseline, type Case, ours, question } from '../harness/question.ts';

const payload = { user: 'user:1', about: 'x'.repeat(200) };
const schema = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, type TEXT, state TEXT, priority INTEGER, run_at INTEGER, lease_until INTEGER, payload TEXT
  ) STRICT;
  CREATE INDEX due ON jobs (priority, run_at) WHERE state = 'waiting'`;
const insert = `INSERT INTO jobs (type, state, priority, run_at, payload) VALUES ('no-op', 'waiting', 2, ?, ?)`;
const claim = `
  UPDATE jobs SET state = 'active', lease_until = ?
  WHERE id = (SELECT id FROM jobs WHERE state = 'waiting' AND run_at <= ? ORDER BY priority, run_at LIMIT 1)
  RETURNING id, type, payload`;
const complete = 'DELETE FROM jobs WHERE id = ?';

function byHand(database: DatabaseSync): Case['run'] {
  database.exec(schema);
  const [inserting, claiming, completing] = [insert, claim, complete].map((sql) => database.prepare(sql));
  return async () => {
    const now = Date.now();
    inserting?.run(now, JSON.stringify(payload));
    const job = claiming?.get(now + 30_000, now) as { id: number; type: string; payload: string };
    JSON.parse(job.payload);
    completing?.run(job.id);
    return job.type;
  };
}

function through(queue: IJobQueue): Case['run'] {
  return async () => {
    await queue.enqueue({ type: 'no-op', payload });
    const [job] = await queue.claim();
    if (job === undefined) throw new Error('the job was not claimed');
    await queue.complete(job);
    return job.type;
  };
}

export default question({
  answer: 'no-op',
  cases: async (scope) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
    scope.defer(() => rm(folder, { recursive: true }));
    const bare = new DatabaseSync(join(folder, 'bare'));
    scope.defer(() => bare.close());
    const database = openDatabase({ file: join(folder, 'ours'), durability: 'normal' });
    scope.defer(() => database[Symbol.dispose]());
    // What is finished goes at once, as it does by hand.
    const retention = { finished: { maxCount: 0 } };
    return [
      baseline('INSERT, UPDATE … RETURNING, DELETE', byHand(bare)),
      ours('SqliteJobQueue', through(new SqliteJobQueue(database, { retention }))),
      ours('MemoryJobQueue', through(new MemoryJobQueue({ retention }))),
    ];
  },
});
