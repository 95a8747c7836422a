import { InvalidOptionError } from '@holdfast/core';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { type LeaseOptions, type RedisClient, RedisStore } from '@holdfast/rate-limiter/redis';
import { describe, expect, it } from 'vitest';

/** Nobody is asked when a limiter is made. */
const client: RedisClient = {
  evalsha: () => Promise.reject(new Error('asked')),
  eval: () => Promise.reject(new Error('asked')),
};
const all = { limit: 1_000, windowMs: 60_000, by: 'global' };

function made(leases: unknown, limits: LimitsOptions): () => RateLimiter {
  return () => new RateLimiter({ limits, store: new RedisStore(client, { leases: leases as LeaseOptions }) });
}

describe('leases', () => {
  it.each([
    ['leases', 2_000],
    ['leases', null],
    ['leases', 'yes'],
    ['leases.ttlMs', { ttlMs: 0 }],
    ['leases.ttlMs', { ttlMs: Number.NaN }],
    ['leases.ttlMs', { ttlMs: Infinity }],
    ['leases.ttlMs', { ttlMs: '2s' }],
  ])('refuses %s of %j', (option, leases) => {
    expect(made(leases, { all })).toThrow(InvalidOptionError);
    expect(made(leases, { all })).toThrow(option);
  });

  it.each<[string, LimitsOptions]>([
    ['of the subject', { user: { limit: 10, windowMs: 60_000 } }],
    ['that refuse nothing', { all: { ...all, shadow: true } }],
    ['that count attempts', { all: { ...all, counts: 'attempts' } }],
    ['that admit nothing', { all: { ...all, limit: 0 } }],
  ])('are refused where there are only limits %s', (_, limits) => {
    expect(made({}, limits)).toThrow(
      "leases must be absent where no limit is by 'global' that refuses and counts what is admitted",
    );
  });

  it('are refused that last longer than half of a window', () => {
    const limits = { all, second: { limit: 100, windowMs: 1_000, by: 'global' } };

    expect(made({ ttlMs: 500 }, limits)).not.toThrow();
    expect(made({ ttlMs: 501 }, limits)).toThrow(
      "leases.ttlMs must be at most half of the window of 'second'",
    );
  });
});
