import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { type Child, startChild } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';
import { countRows, temporaryFile } from './engines.ts';

const start = (script: string, ...parameters: readonly string[]): Child =>
  startChild(new URL(`children/${script}.ts`, import.meta.url), parameters);

const hourMs = 3_600_000;

describe('SqliteStore on a file of several processes', () => {
  it('admits exactly the limit, however many processes make the file and call at once', async () => {
    const file = temporaryFile();
    const callers = [1, 2, 3, 4].map(() => start('calling', file, '150', '100'));

    const said = (await Promise.all(callers.map((caller) => caller.ended()))).flat();

    expect(said.filter((line) => line === 'sqlite admitted')).toHaveLength(150);
    expect(said.filter((line) => line === 'sqlite refused')).toHaveLength(250);
  });

  it('never admits more than the limit while processes are killed, and leaves nothing of it unused', async () => {
    const file = temporaryFile();
    const victims = [1, 2, 3, 4].map(() => start('calling', file, '400', '0'));
    const others = [1, 2, 3, 4].map(() => start('calling', file, '400', '150'));
    for (const victim of victims) {
      await expect.poll(() => victim.lines.length).toBeGreaterThan(5);
      await victim.kill();
    }
    await Promise.all(others.map((caller) => caller.ended()));

    const heard = [...victims, ...others].flatMap(({ lines }) => lines);
    const admitted = heard.filter((line) => line === 'sqlite admitted').length;

    expect(admitted).toBeLessThanOrEqual(400);
    // A process may be killed after a call was written and before it was told.
    expect(admitted).toBeGreaterThanOrEqual(400 - 4);
  });

  it('still counts all that was admitted when processes are killed between two calls', async () => {
    const file = temporaryFile();
    const limit = 1_000_000;
    let told = 0;
    for (const calls of [5, 20, 60]) {
      const caller = start('calling', file, String(limit), '0');
      await expect.poll(() => caller.lines.length).toBeGreaterThan(calls);
      await caller.kill();
      told += caller.lines.filter((line) => line === 'sqlite admitted').length;
    }

    using store = new SqliteStore(file);
    const limiter = new RateLimiter({ limits: { user: { limit, windowMs: hourMs } }, store });
    const { limits } = limiter.checkSync('alice', { cost: 0 });
    const counted = limit - (limits['user']?.remaining ?? 0);

    expect(told).toBeGreaterThan(85);
    // Some calls may have been written but not told, or told and not heard.
    expect(counted).toBeGreaterThanOrEqual(told);
  });

  it('decides locally after at most timeoutMs while another process keeps the lock, and in the file afterwards', async () => {
    const file = temporaryFile();
    const clock = new ManualClock();
    using store = new SqliteStore(file, { timeoutMs: 500, localShareRatio: 0.5 });
    const limiter = new RateLimiter({ limits: { user: { limit: 4, windowMs: hourMs } }, clock, store });
    limiter.checkSync('alice');
    const other = start('locking', file);
    await other.said('locked');

    const startedAt = performance.now();
    expect(limiter.checkSync('alice')).toMatchObject({ allowed: true, source: 'local' });
    const waitedMs = performance.now() - startedAt;
    const decisions = Array.from({ length: 100 }, () => limiter.checkSync('alice'));
    const tookMs = performance.now() - startedAt - waitedMs;

    expect(waitedMs).toBeGreaterThanOrEqual(450);
    expect(waitedMs).toBeLessThan(950);
    expect(tookMs).toBeLessThan(450);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(1);
    expect(limiter.statistics().storeErrors).toBe(1);
    await other[Symbol.asyncDispose]();
    clock.advanceSync(1_000);
    expect(limiter.checkSync('alice')).toMatchObject({ allowed: true, source: 'sqlite' });
  });

  it('waits for another process that is making the same file just now', async () => {
    const file = temporaryFile();
    await start('locking', file, '200').said('locked');
    using store = new SqliteStore(file);
    const limiter = new RateLimiter({ limits: { user: { limit: 4, windowMs: hourMs } }, store });

    expect(limiter.checkSync('alice')).toMatchObject({ allowed: true, source: 'sqlite' });
  });

  it('asks without waiting while another process keeps the lock for nothing but reading', () => {
    const file = temporaryFile();
    using store = new SqliteStore(file);
    const limiter = new RateLimiter({ limits: { user: { limit: 4, windowMs: hourMs } }, store });
    limiter.checkSync('alice');
    const reader = new DatabaseSync(file);
    reader.exec('BEGIN; SELECT * FROM holdfast_rate_limits');

    expect(limiter.checkSync('alice')).toMatchObject({ allowed: true, source: 'sqlite' });
    reader.close();
  });

  it('16.4 local maps: stays as large as maxSubjects makes it, however many subjects come', () => {
    const file = temporaryFile();
    const clock = new ManualClock();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    const store = new SqliteStore(database, { maxSubjects: 5_000 });
    const limiter = new RateLimiter({ limits: { ip: { limit: 20, windowMs: hourMs } }, clock, store });

    for (let subject = 0; subject < 20_000; subject += 1) limiter.checkSync(`address ${subject}`);

    expect(countRows(database)).toBe(5_000);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(file).size / 5_000).toBeLessThan(250);
    database.close();
  });
});
