import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { type SqliteDatabase, SqliteStore, type SqliteStoreOptions } from '@holdfast/rate-limiter/sqlite';
import { describe, expect, it } from 'vitest';
import { BetterSqlite3, countRows, engines, type OpenDatabase, temporaryFile } from './engines.ts';

const clock = new ManualClock();

function limiterOn(
  database: SqliteDatabase | SqliteStore | string,
  limits: LimitsOptions,
  options: SqliteStoreOptions & { readonly name?: string | undefined } = {},
): RateLimiter {
  const { name, ...rest } = options;
  const store = database instanceof SqliteStore ? database : new SqliteStore(database, rest);
  return new RateLimiter({ name, limits, clock, store });
}

const user = (limit: number, windowMs = 1_000): LimitsOptions => ({ user: { limit, windowMs, by: 'user' } });

/** How many of so many calls are admitted. */
function admitted(
  limiter: RateLimiter,
  calls: number,
  subject: Record<string, string> = { user: 'alice' },
): number {
  return Array.from({ length: calls }, () => limiter.checkSync(subject)).filter(({ allowed }) => allowed)
    .length;
}

describe.each(engines)('SqliteStore on %s', (_engine, open) => {
  it('decides at once and says where', () => {
    const limiter = limiterOn(open(':memory:'), user(2));

    expect(limiter.checkSync({ user: 'alice' })).toMatchObject({ allowed: true, source: 'sqlite' });
    expect(limiter.checkSync({ user: 'alice' }).limits['user']).toMatchObject({
      remaining: 0,
      resetMs: 1_000,
    });
    expect(limiter.checkSync({ user: 'alice' })).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
  });

  it('goes on after a restart with what was spent, blocked and owed before', () => {
    const file = temporaryFile();
    const limits: LimitsOptions = {
      strict: { limit: 40, windowMs: 60_000 },
      smooth: { limit: 6, windowMs: 60_000, mode: 'smooth' },
    };
    const before = open(file);
    const early = limiterOn(before, limits);
    early.checkSync('alice', { cost: 4 });
    void early.block('bob', 5_000);
    before.close();
    clock.advanceSync(1_000);

    const after = open(file);
    const late = limiterOn(after, limits);
    expect(late.checkSync('alice', { cost: 0 }).limits).toMatchObject({
      strict: { remaining: 36, resetMs: 59_000 },
      smooth: { remaining: 2, resetMs: 39_000 },
    });
    expect(late.checkSync('bob')).toMatchObject({ allowed: false, blocked: true, retryAfterMs: 4_000 });
    after.close();
  });

  it('counts together for limiters of one name, and apart for others', () => {
    const store = new SqliteStore(open(':memory:'));
    const [one, same, other] = [undefined, undefined, 'other'].map((name) =>
      limiterOn(store, user(3), { name }),
    );

    expect(admitted(one as RateLimiter, 2)).toBe(2);
    expect(admitted(same as RateLimiter, 2)).toBe(1);
    expect(admitted(other as RateLimiter, 5)).toBe(3);
  });

  it('keeps what another version of the limiter spent under limits that this one does not have', () => {
    const store = new SqliteStore(open(':memory:'));
    const old = limiterOn(store, { ...user(9), removed: { limit: 2, windowMs: 1_000, by: 'user' } });
    const now = limiterOn(store, { ...user(9), added: { limit: 3, windowMs: 1_000, by: 'user' } });

    old.checkSync({ user: 'alice' });
    now.checkSync({ user: 'alice' });
    old.checkSync({ user: 'alice' });

    expect(old.checkSync({ user: 'alice' })).toMatchObject({ allowed: false, violated: ['removed'] });
    expect(now.checkSync({ user: 'alice' }).limits).toMatchObject({
      user: { remaining: 5 },
      added: { remaining: 1 },
    });
  });

  it('takes part in a transaction of the database’s owner, and is undone with it', () => {
    const database = open(':memory:');
    const limiter = limiterOn(database, user(2));

    database.exec('BEGIN');
    expect(admitted(limiter, 3)).toBe(2);
    database.exec('ROLLBACK');

    expect(limiter.checkSync({ user: 'alice' })).toMatchObject({ allowed: true, source: 'sqlite' });
    expect(limiter.statistics().storeErrors).toBe(0);
  });
});

const particular: readonly [string, () => OpenDatabase][] = [
  ['bigints', () => new DatabaseSync(':memory:', { readBigInts: true })],
  ['arrays', () => new DatabaseSync(':memory:', { returnArrays: true })],
  ['bigints from better-sqlite3', () => new BetterSqlite3(':memory:').defaultSafeIntegers(true)],
];

describe('SqliteStore', () => {
  const [, open] = engines[1] as (typeof engines)[number];

  it.each(particular)('serves a database whose owner wants %s', (_habit, openParticular) => {
    const limiter = limiterOn(openParticular(), user(2));

    expect(admitted(limiter, 3)).toBe(2);
    expect(limiter.statistics().storeErrors).toBe(0);
  });

  it('holds a window of half a second for half a second', () => {
    const limiter = limiterOn(open(':memory:'), user(1, 500));
    admitted(limiter, 1);

    clock.advanceSync(499);
    expect(admitted(limiter, 1)).toBe(0);
    clock.advanceSync(1);
    expect(admitted(limiter, 1)).toBe(1);
  });

  it('charges none of several limits when one of them refuses', () => {
    const limits = { wide: { limit: 10, windowMs: 1_000 }, narrow: { limit: 1, windowMs: 1_000 } };
    const limiter = limiterOn(open(':memory:'), limits);

    for (let call = 0; call < 6; call += 1) limiter.checkSync('alice');

    expect(limiter.checkSync('alice', { cost: 0 }).limits).toMatchObject({
      wide: { remaining: 9 },
      narrow: { remaining: 0 },
    });
  });

  it('admits a cheap call after it refused a dear one', () => {
    const limiter = limiterOn(open(':memory:'), user(10));
    limiter.checkSync({ user: 'alice' }, { cost: 5 });

    expect(limiter.checkSync({ user: 'alice' }, { cost: 8 }).allowed).toBe(false);
    expect(limiter.checkSync({ user: 'alice' }, { cost: 5 }).allowed).toBe(true);
  });

  it('admits no second quota around the edge of a window', () => {
    const limiter = limiterOn(open(':memory:'), user(10));
    const start = admitted(limiter, 1);
    clock.advanceSync(990);

    const early = admitted(limiter, 20);
    clock.advanceSync(10);
    const late = admitted(limiter, 20);

    expect([start, early, late]).toEqual([1, 9, 1]);
  });

  it('frees nothing when the wall clock is set back, and blocks nobody for longer than a window', () => {
    const limiter = limiterOn(open(':memory:'), user(2));
    admitted(limiter, 2);

    clock.shiftEpoch(-86_400_000);
    expect(limiter.checkSync({ user: 'alice' })).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
    clock.advanceSync(999);
    clock.shiftEpoch(-999);
    expect(admitted(limiter, 1)).toBe(0);
    clock.advanceSync(1_000);
    expect(admitted(limiter, 3)).toBe(2);
  });

  it('holds a block for as long as it has to last when the wall clock is set back', async () => {
    const limiter = limiterOn(open(':memory:'), user(2));
    await limiter.block({ user: 'alice' }, 5_000);

    clock.shiftEpoch(-86_400_000);

    expect(limiter.checkSync({ user: 'alice' })).toMatchObject({ blocked: true, retryAfterMs: 5_000 });
  });

  it('admits one more quota when the wall clock is set forward, however far', () => {
    const limiter = limiterOn(open(':memory:'), user(2));
    admitted(limiter, 2);

    clock.shiftEpoch(3_600_000);

    expect(admitted(limiter, 9)).toBe(2);
  });

  it('gives back what a call was charged', async () => {
    const limiter = limiterOn(open(':memory:'), user(5));
    const decision = limiter.checkSync({ user: 'alice' }, { cost: 5 });

    await decision.refund(2);

    expect(admitted(limiter, 5)).toBe(2);
  });

  it('keeps apart from limits of another mode under the same name', () => {
    const store = new SqliteStore(open(':memory:'));
    const strict = limiterOn(store, user(2));
    const smooth = limiterOn(store, { user: { limit: 2, windowMs: 1_000, by: 'user', mode: 'smooth' } });

    const calls = [strict, smooth, strict, smooth, strict, smooth];

    expect(calls.map((limiter) => limiter.checkSync({ user: 'alice' }).allowed)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('holds the number of calls that a smooth limit admits at once, however fast it pays them off', () => {
    const limits = { user: { limit: 2 ** 32 - 1, windowMs: 1_000, burst: 3, mode: 'smooth' as const } };
    const limiter = limiterOn(open(':memory:'), limits);

    const decisions = Array.from({ length: 5 }, () => limiter.checkSync('alice').allowed);

    expect(decisions).toEqual([true, true, true, false, false]);
  });

  it('counts apart after a transaction of the owner was undone in which it began to count', () => {
    const database = open(':memory:');
    const store = new SqliteStore(database);
    const [first, undone, next] = ['first', 'undone', 'next'].map((name) =>
      limiterOn(store, user(1), { name }),
    );
    admitted(first as RateLimiter, 1);
    database.exec('BEGIN');
    admitted(undone as RateLimiter, 1);
    database.exec('ROLLBACK');

    expect(admitted(next as RateLimiter, 2)).toBe(1);
    expect(admitted(undone as RateLimiter, 2)).toBe(1);
  });

  it('lets penalties beyond what a row has room for count with the last, as they do in memory', async () => {
    const database = open(':memory:');
    const limits = { user: { limit: 5, windowMs: 1_000, by: 'user' } };
    const inFile = limiterOn(database, limits);
    const inMemory = new RateLimiter({ limits, clock });

    for (let penalty = 0; penalty < 60; penalty += 1) {
      await inFile.penalize({ user: 'alice' }, 1);
      await inMemory.penalize({ user: 'alice' }, 1);
      clock.advanceSync(10);
    }

    const row = database.prepare('SELECT length(value) AS bytes FROM holdfast_rate_limits').get();
    expect((row as { readonly bytes: number }).bytes).toBeLessThan(33 * 16 + 60);
    expect(inFile.checkSync({ user: 'alice' }).limits).toEqual(inMemory.checkSync({ user: 'alice' }).limits);
  });

  it('writes nothing for a call that is refused, or only asked about', () => {
    const database = open(':memory:');
    const limiter = limiterOn(database, user(1));
    admitted(limiter, 1);
    const rows = (): unknown => database.prepare('SELECT * FROM holdfast_rate_limits').all();
    const before = rows();
    clock.advanceSync(10);

    limiter.checkSync({ user: 'alice' });
    limiter.checkSync({ user: 'alice' }, { cost: 0 });
    limiter.checkSync({ user: 'bob' }, { cost: 0 });

    expect(rows()).toEqual(before);
  });

  it('removes the row of a subject that is reset', async () => {
    const database = open(':memory:');
    const limiter = limiterOn(database, user(1));
    admitted(limiter, 1);

    await limiter.reset({ user: 'alice' });

    expect(countRows(database)).toBe(0);
    expect(admitted(limiter, 2)).toBe(1);
  });

  it('invariant 17: leaves no timer behind', () => {
    const own = new ManualClock();
    const limiter = new RateLimiter({ limits: user(1), clock: own, store: new SqliteStore(':memory:') });
    limiter.checkSync({ user: 'alice' });

    expect(own.pending()).toBe(0);
  });

  it.each([
    ['table', { table: 'a"b' }, /table must be letters, digits and _/],
    ['maxSubjects', { maxSubjects: 0 }, /maxSubjects must be a whole number of at least 1/],
    ['timeoutMs', { timeoutMs: 0 }, /timeoutMs must be a finite number of milliseconds of at least 1/],
    ['probeIntervalMs', { probeIntervalMs: Number.NaN }, /probeIntervalMs must be/],
    ['instances', { instances: 0 }, /instances must be a whole number of at least 1, got 0/],
    ['localShareRatio', { localShareRatio: 2 }, /localShareRatio must be a number over 0, up to 1, got 2/],
    ['maxLocalSubjects', { maxLocalSubjects: 0 }, /maxLocalSubjects must be/],
  ])('refuses a wrong %s', (_option, options, message) => {
    expect(() => new SqliteStore(':memory:', options)).toThrow(message);
  });

  it('refuses what is neither a database nor a path', () => {
    expect(() => new SqliteStore('')).toThrow(/databaseOrFile must be a string that is not empty/);
    expect(() => new SqliteStore({} as SqliteDatabase)).toThrow(
      /databaseOrFile must be an object with exec\(\)/,
    );
  });
});
