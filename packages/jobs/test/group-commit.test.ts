import { ManualClock } from '@holdfast/core/testing';
import { SqliteJobQueue, type SqlDatabase } from '@holdfast/jobs/sqlite';
import { type Database, type Driver, openDatabase } from '@holdfast/persistence';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { drivers } from './engines.ts';

/** A database that tells what it is asked to execute, and fails where a test wants it to. */
function watched(driver: Driver): {
  database: Database;
  seen: string[];
  sql: SqlDatabase;
  failOn: { sql: string };
} {
  const database = openDatabase({ file: ':memory:', driver });
  const seen: string[] = [];
  const failOn = { sql: '' };
  const sql: SqlDatabase = {
    exec: (text) => {
      seen.push(text);
      if (text === failOn.sql) throw new Error('disk full');
      database.exec(text);
    },
    prepare: (text) => database.prepare(text),
  };
  return { database, seen, sql, failOn };
}

/** A value for each parameter, since an engine wants one even to explain. */
const unbound = (sql: string): Record<string, null> =>
  Object.fromEntries([...sql.matchAll(/:(\w+)/g)].map(([, name]) => [name, null]));

describe.each(drivers)('SqliteJobQueue on $name', (driver) => {
  it('puts the changes of one turn into one transaction, and those of the next into another', async () => {
    const { database, seen, sql } = watched(driver);
    using _ = database;
    const queue = new SqliteJobQueue(sql);
    seen.length = 0;

    await Promise.all([
      queue.enqueue({ type: 'a' }),
      queue.enqueue([{ type: 'b' }, { type: 'c' }]),
      queue.claim(),
    ]);
    await queue.enqueue({ type: 'd' });

    expect(seen).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'BEGIN IMMEDIATE', 'COMMIT']);
  });

  it('acknowledges nothing whose commit failed, and keeps none of it', async () => {
    const { database, sql, failOn } = watched(driver);
    using _ = database;
    const queue = new SqliteJobQueue(sql);
    const events: unknown[] = [];
    queue.events.subscribe((event) => events.push(event));

    failOn.sql = 'COMMIT';
    const results = await Promise.allSettled([queue.enqueue({ type: 'a' }), queue.enqueue({ type: 'b' })]);
    failOn.sql = '';

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await queue.counts()).toMatchObject({ waiting: 0 });
    expect(events).toEqual([]);
    expect(queue.statistics().enqueued).toBe(0);
    await queue.enqueue({ type: 'c' });
    expect(await queue.counts()).toMatchObject({ waiting: 1 });
  });

  it('fails only the caller whose change cannot be made', async () => {
    const { database, sql } = watched(driver);
    using _ = database;
    const queue = new SqliteJobQueue(sql);
    database.exec(`CREATE TRIGGER no_bad BEFORE INSERT ON holdfast_jobs WHEN new.type = 'bad'
      BEGIN SELECT raise(ABORT, 'bad job'); END`);

    const results = await Promise.allSettled([
      queue.enqueue({ type: 'good' }),
      queue.enqueue([{ type: 'good', idempotencyKey: 'k' }, { type: 'bad' }]),
      queue.enqueue({ type: 'good' }),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await queue.counts()).toMatchObject({ waiting: 2 });
    expect(queue.statistics()).toMatchObject({ enqueued: 2 });
    expect(await queue.enqueue({ type: 'good', idempotencyKey: 'k' })).toMatchObject({ duplicate: false });
  });

  it('waits for the lock of another connection without blocking, and says so when that takes too long', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-jobs-'));
    try {
      const open = (): Database => openDatabase({ file: join(folder, 'jobs.db'), driver, busyTimeoutMs: 0 });
      using database = open();
      using holder = open();
      const clock = new ManualClock();
      const queue = new SqliteJobQueue(database, { clock, random: () => 0.5, name: 'mail' });

      holder.exec('BEGIN IMMEDIATE');
      const soon = queue.enqueue({ type: 'a' });
      await clock.advance(1_000);
      const later = queue.enqueue({ type: 'b' });
      await clock.advance(0);
      holder.exec('COMMIT');
      await clock.advance(100);
      expect(await soon).toMatchObject({ duplicate: false });
      expect((await queue.claim({ max: 2 })).map(({ id }) => id)).toEqual([
        (await soon).id,
        (await later).id,
      ]);

      holder.exec('BEGIN IMMEDIATE');
      const never = queue.enqueue({ type: 'c' }).catch((error: unknown) => error);
      await clock.advance(6_000);
      holder.exec('COMMIT');
      expect(await never).toMatchObject({ code: 'ERR_QUEUE_BUSY', queue: 'mail', retryAfterMs: 1_000 });
      expect(await queue.counts()).toMatchObject({ waiting: 0, active: 2 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('refuses tables that a newer version made', () => {
    using database = openDatabase({ file: ':memory:', driver });
    const open = (): unknown => new SqliteJobQueue(database);
    open();
    open();
    database.exec('UPDATE holdfast_job_schema SET version = 2');

    expect(open).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_SCHEMA' }));
  });

  it('keeps queues of different names apart', async () => {
    using database = openDatabase({ file: ':memory:', driver });
    const [mail, audit] = [
      new SqliteJobQueue(database, { name: 'mail' }),
      new SqliteJobQueue(database, { name: 'audit' }),
    ];
    const { id } = await mail.enqueue({ type: 'a', idempotencyKey: 'k' });

    expect(await audit.claim()).toEqual([]);
    expect(await audit.get(id)).toBeUndefined();
    expect(await audit.cancel(id)).toBe('unknown');
    expect(await audit.enqueue({ type: 'a', idempotencyKey: 'k' })).toMatchObject({ duplicate: false });
    expect(await audit.counts()).toMatchObject({ waiting: 1 });
  });

  it('answers claim, reaping and retention by an index, never by reading the table', () => {
    using database = openDatabase({ file: ':memory:', driver });
    const plans: string[] = [];
    const explaining: SqlDatabase = {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        if (sql.includes('holdfast_jobs') && !sql.includes('INSERT')) {
          const rows = database.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(unbound(sql));
          plans.push(...rows.map(({ detail }) => detail));
        }
        return database.prepare(sql);
      },
    };

    const queue = new SqliteJobQueue(explaining);

    expect(queue.name).toBe('jobs');
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.filter((plan) => plan.startsWith('SCAN holdfast_jobs'))).toEqual([]);
    expect(plans.join('\n')).toContain('INDEX holdfast_jobs_waiting (queue=? AND priority=? AND run_at<?)');
  });
});
