import { ManualClock } from '@holdfast/core/testing';
import { DatabaseSync } from 'node:sqlite';
import { MemoryStore, RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describe, expect, it } from 'vitest';
import { itKeepsTime } from './time.ts';

describe.each<[string, () => RateLimitStore]>([
  ['memory', () => new MemoryStore()],
  ['SQLite', () => new SqliteStore(new DatabaseSync(':memory:'))],
])('time in %s', (_, open) => {
  itKeepsTime(open);
});

describe('time in memory', () => {
  it.each([-3_600_000, 3_600_000])('16.2 daylight saving: changes nothing, by %i ms', (shiftMs) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 10_000 } }, clock });
    limiter.checkSync('alice', { cost: 2 });

    clock.shiftEpoch(shiftMs);

    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: 10_000 });
    clock.advanceSync(10_000);
    expect(limiter.checkSync('alice', { cost: 2 }).allowed).toBe(true);
  });

  it.each(['strict', 'smooth'] as const)(
    '16.2 window of a millisecond: counts fractions of one, %s',
    (mode) => {
      const clock = new ManualClock();
      const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 1, mode } }, clock });
      limiter.checkSync('alice');

      clock.advanceSync(0.75);
      expect(limiter.checkSync('alice').allowed).toBe(false);
      clock.advanceSync(0.25);
      expect(limiter.checkSync('alice').allowed).toBe(true);
    },
  );
});
