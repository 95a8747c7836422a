import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { ManualClock } from '@holdfast/core/testing';
import {
  type LimitsOptions,
  RateLimiter,
  type RateLimiterEvent,
  RateLimitStoreError,
} from '@holdfast/rate-limiter';
import { SqliteStore, type SqliteStoreOptions } from '@holdfast/rate-limiter/sqlite';
import { describe, expect, it } from 'vitest';
import { engines, type OpenDatabase, temporaryFile } from './engines.ts';

const limits: LimitsOptions = {
  local: { limit: 4, windowMs: 60_000, by: 'user' },
  open: { limit: 2, windowMs: 60_000, by: 'guest', onStoreError: 'open' },
  closed: { limit: 9, windowMs: 60_000, by: 'admin', onStoreError: 'closed' },
};

interface Rig {
  readonly clock: ManualClock;
  readonly limiter: RateLimiter;
  readonly events: RateLimiterEvent['type'][];
  readonly errors: unknown[];
}

function setUp(databaseOrFile: OpenDatabase | string, options?: SqliteStoreOptions): Rig {
  const clock = new ManualClock();
  const limiter: RateLimiter = new RateLimiter({
    limits,
    clock,
    store: new SqliteStore(databaseOrFile, options),
  });
  const events: RateLimiterEvent['type'][] = [];
  const errors: unknown[] = [];
  limiter.events.subscribe((event) => {
    events.push(event.type);
    if (event.type === 'store-lost') errors.push(event.error);
  });
  return { clock, limiter, events, errors };
}

function admitted({ limiter }: Rig, scope: string, calls: number): number {
  return Array.from({ length: calls }, () => limiter.checkSync({ [scope]: 'a' })).filter(
    ({ allowed }) => allowed,
  ).length;
}

describe.each(engines)('SqliteStore on %s, when the database fails', (_engine, open) => {
  it('does what each limit asks for, and tells of the outage once', () => {
    const database = open(':memory:');
    const rig = setUp(database, { instances: 2 });
    database.close();

    expect(admitted(rig, 'user', 9)).toBe(2);
    expect(admitted(rig, 'guest', 9)).toBe(9);
    expect(rig.limiter.checkSync({ admin: 'a' })).toMatchObject({
      allowed: false,
      storeFailed: true,
      source: 'local',
      retryAfterMs: 1_000,
    });
    expect(rig.events.filter((type) => type === 'store-lost')).toHaveLength(1);
    expect(rig.errors[0]).toBeInstanceOf(RateLimitStoreError);
    expect((rig.errors[0] as Error).message).toMatch(/^the database failed: .*not open/);
  });

  it('asks it again once per probe interval', () => {
    const database = open(':memory:');
    const rig = setUp(database, { probeIntervalMs: 500 });
    database.close();

    for (let call = 0; call < 5; call += 1) rig.limiter.checkSync({ user: 'a' });
    expect(rig.limiter.statistics().storeErrors).toBe(1);
    rig.clock.advanceSync(499);
    rig.limiter.checkSync({ user: 'a' });
    expect(rig.limiter.statistics().storeErrors).toBe(1);
    rig.clock.advanceSync(1);
    rig.limiter.checkSync({ user: 'a' });
    expect(rig.limiter.statistics().storeErrors).toBe(2);
  });

  it('decides locally on a full disk, and in the file again when there is room', () => {
    const file = temporaryFile();
    const database = open(file);
    const rig = setUp(database);
    rig.limiter.checkSync({ user: 'a', guest: 'a', admin: 'a' }, { cost: 0 });
    database.exec('PRAGMA max_page_count = 1');
    for (let call = 0; call < 300; call += 1) rig.limiter.checkSync({ guest: `guest ${call}` });

    expect(rig.errors.map((error) => (error as Error).message)).toEqual([
      'the database failed: database or disk is full',
    ]);
    database.exec('PRAGMA max_page_count = 1000');
    rig.clock.advanceSync(1_000);
    expect(rig.limiter.checkSync({ guest: 'another' })).toMatchObject({ allowed: true, source: 'sqlite' });
    expect(rig.events.at(-1)).toBe('store-recovered');
    database.close();
  });
});

describe('SqliteStore when the database fails', () => {
  it('corrects a local charge where it was made', async () => {
    const file = temporaryFile();
    const folder = dirname(file);
    rmSync(folder, { recursive: true });
    const rig = setUp(file);
    const decision = rig.limiter.checkSync({ user: 'a' }, { cost: 4 });
    expect(decision).toMatchObject({ allowed: true, source: 'local' });

    await decision.refund(3);

    expect(admitted(rig, 'user', 9)).toBe(3);
  });

  it('charges in this process what the file did not learn of', async () => {
    const file = temporaryFile();
    const rig = setUp(file);
    const decision = rig.limiter.checkSync({ user: 'a' }, { cost: 1 });
    rmSync(dirname(file), { recursive: true });
    rig.clock.advanceSync(1_000);

    await decision.settle(3);
    await rig.limiter.penalize({ user: 'a' }, 1);

    expect(admitted(rig, 'user', 9)).toBe(1);
  });

  it('blocks in this process, too', async () => {
    const database = engines[1]?.[1](':memory:') as OpenDatabase;
    const rig = setUp(database);
    await rig.limiter.block({ user: 'a' }, 60_000);
    database.close();

    expect(rig.limiter.checkSync({ user: 'a' })).toMatchObject({
      allowed: false,
      blocked: true,
      source: 'local',
    });
  });

  it('opens a file that cannot be opened as soon as it can', () => {
    const file = temporaryFile();
    rmSync(dirname(file), { recursive: true });
    const rig = setUp(file);
    expect(rig.limiter.checkSync({ user: 'a' })).toMatchObject({ allowed: true, source: 'local' });

    mkdirSync(dirname(file));
    rig.clock.advanceSync(1_000);

    expect(rig.limiter.checkSync({ user: 'a' }).source).toBe('sqlite');
    expect(rig.events).toEqual(['store-lost', 'store-recovered']);
  });

  it('makes a file anew that somebody deleted, within a second', () => {
    const file = temporaryFile();
    const rig = setUp(file);
    expect(admitted(rig, 'user', 9)).toBe(4);
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix);

    rig.clock.advanceSync(999);
    expect(admitted(rig, 'user', 9)).toBe(0);
    rig.clock.advanceSync(1);
    expect(admitted(rig, 'user', 9)).toBe(4);
    expect(existsSync(file)).toBe(true);
  });

  it('goes on with a file that somebody puts in the place of the old one', () => {
    const [file, backup] = [temporaryFile(), temporaryFile()];
    const other = setUp(backup);
    admitted(other, 'user', 3);
    const rig = setUp(file);
    admitted(rig, 'guest', 1);

    for (const suffix of ['', '-wal', '-shm']) renameSync(backup + suffix, file + suffix);
    rig.clock.advanceSync(1_000);

    expect(admitted(rig, 'user', 9)).toBe(1);
  });

  it('makes its tables again when somebody drops them, without an outage', () => {
    const database = engines[1]?.[1](':memory:') as OpenDatabase;
    const rig = setUp(database);
    rig.limiter.checkSync({ user: 'a' });
    database.exec('DROP TABLE holdfast_rate_limits');

    expect(rig.limiter.checkSync({ user: 'a' }).source).toBe('sqlite');
    expect(rig.events).toEqual([]);
  });

  it('decides locally once the store is disposed of', () => {
    const store = new SqliteStore(':memory:');
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 1_000 } }, store });
    expect(limiter.checkSync('a').source).toBe('sqlite');

    store[Symbol.dispose]();

    expect(limiter.checkSync('b')).toMatchObject({ allowed: true, source: 'local' });
  });
});
