import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describe, expect, it } from 'vitest';
import { countRows, engines } from './engines.ts';

const limits = {
  user: { limit: 2, windowMs: 1_000, by: 'user' },
  ip: { limit: 2, windowMs: 1_000, by: 'ip' },
  everybody: { limit: 100_000, windowMs: 1_000, by: 'global' },
} as const;

function setUp(maxSubjects?: number): {
  readonly database: DatabaseSync;
  readonly clock: ManualClock;
  readonly limiter: RateLimiter<typeof limits>;
} {
  const database = new DatabaseSync(':memory:');
  const clock = new ManualClock();
  const limiter = new RateLimiter({ limits, clock, store: new SqliteStore(database, { maxSubjects }) });
  return { database, clock, limiter };
}

const damages: readonly [string, string][] = [
  ['is empty', "x''"],
  ['is a text', "'something else'"],
  ['is a number', '42'],
  ['is cut off', 'substr(value, 1, length(value) - 3)'],
  ['is longer', "CAST(value || x'00' AS BLOB)"],
  ['has another format', "CAST(x'07' || substr(value, 2) AS BLOB)"],
  ['has a wrong byte', "CAST(substr(value, 1, 30) || x'5a' || substr(value, 32) AS BLOB)"],
  ['is full of zeros', 'zeroblob(length(value))'],
];

describe('a row of SqliteStore', () => {
  it.each(damages)('that %s counts as empty and is written anew', (_what, value) => {
    const { database, limiter } = setUp();
    limiter.checkSync({ user: 'alice' }, { cost: 2 });
    database.exec(`UPDATE holdfast_rate_limits SET value = ${value}`);

    const allowed = [1, 2, 3].map(() => limiter.checkSync({ user: 'alice' }));

    expect(allowed.map((decision) => decision.allowed)).toEqual([true, true, false]);
    expect(allowed.map(({ source }) => source)).toEqual(['sqlite', 'sqlite', 'sqlite']);
  });

  it.each(
    engines.flatMap(([engine, open]) =>
      [Number.MAX_SAFE_INTEGER, 2 ** 62, Number.MAX_VALUE].map((forMs) => ({ engine, open, forMs })),
    ),
  )('of a subject that is blocked for $forMs ms is read again by $engine', async ({ open, forMs }) => {
    const limiter = new RateLimiter({ limits, store: new SqliteStore(open(':memory:')) });
    const mallory = { user: 'mallory' };
    await limiter.block(mallory, forMs);

    const others = ['alice', 'bob', 'carol', 'dave'].map((user) => limiter.checkSync({ user }));

    expect(others.map(({ source }) => source)).toEqual(others.map(() => 'sqlite'));
    expect([limiter.checkSync(mallory)]).toMatchObject([{ blocked: true, source: 'sqlite' }]);
  });

  it('takes some 200 bytes for four limits', () => {
    const database = new DatabaseSync(':memory:');
    const limit = { limit: 100, windowMs: 60_000 };
    const four = { user: limit, expensive: limit, learning: limit, burst: limit };
    new RateLimiter({ limits: four, store: new SqliteStore(database) }).checkSync('alice');

    const row = database
      .prepare('SELECT length(value) + length(subject) AS bytes FROM holdfast_rate_limits')
      .get();

    expect((row as { readonly bytes: number }).bytes).toBeLessThanOrEqual(220);
  });

  it('does not tell who the subject is', () => {
    const { database, limiter } = setUp();
    limiter.checkSync({ user: 'alice@example.com' });

    const rows = database
      .prepare('SELECT hex(subject) AS subject, hex(value) AS value FROM holdfast_rate_limits')
      .all();

    expect(JSON.stringify(rows)).not.toContain(Buffer.from('alice').toString('hex').toUpperCase());
  });
});

describe('the rows of SqliteStore', () => {
  it('are no more than maxSubjects per scope, whoever comes', () => {
    const { database, limiter } = setUp(50);
    for (let index = 0; index < 1_000; index += 1) limiter.checkSync({ ip: `ip ${index}` });

    const counts = database.prepare('SELECT count(*) AS rows FROM holdfast_rate_limits GROUP BY scope').all();

    expect(counts.map((row) => row['rows'])).toEqual([50, 1]);
  });

  it('of one scope never make room for those of another', () => {
    const { limiter } = setUp(50);
    for (let index = 0; index < 50; index += 1) limiter.checkSync({ user: `user ${index}` }, { cost: 2 });
    for (let index = 0; index < 1_000; index += 1) limiter.checkSync({ ip: `ip ${index}` });

    const refused = Array.from({ length: 50 }, (_, index) => limiter.checkSync({ user: `user ${index}` }));

    expect(refused.every(({ allowed }) => !allowed)).toBe(true);
    expect(limiter.checkSync({ ip: 'me' }).limits.everybody?.remaining).toBe(100_000 - 100 - 1_000 - 1);
  });

  it('that have run out go as newcomers come', () => {
    const { database, clock, limiter } = setUp();
    for (let index = 0; index < 300; index += 1) limiter.checkSync({ user: `old ${index}` });
    clock.advanceSync(1_000);

    for (let index = 0; index < 300; index += 1) limiter.checkSync({ user: `new ${index}` });

    expect(countRows(database)).toBeLessThan(1 + 300 + 60);
  });

  it('become fewer when maxSubjects is lowered', () => {
    const { database, clock, limiter } = setUp();
    for (let index = 0; index < 200; index += 1) limiter.checkSync({ user: `user ${index}` });
    const tight = new RateLimiter({ limits, clock, store: new SqliteStore(database, { maxSubjects: 20 }) });

    for (let index = 0; index < 15; index += 1) tight.checkSync({ user: `newcomer ${index}` });

    expect(countRows(database)).toBe(20 + 1);
  });

  it('may be removed by hand', () => {
    const { database, limiter } = setUp(3);
    for (const user of ['a', 'b', 'c']) limiter.checkSync({ user }, { cost: 2 });
    database.exec('DELETE FROM holdfast_rate_limits');

    for (const user of ['d', 'e', 'f']) limiter.checkSync({ user }, { cost: 2 });

    expect(['d', 'e', 'f'].map((user) => limiter.checkSync({ user }).allowed)).toEqual([false, false, false]);
  });
});
