import { type Clock, systemClock } from '@holdfast/core';
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itKeepsTime } from './time.ts';

const patient = { timeoutMs: 10_000 };
const windowMs = 60_000;
const day = 86_400_000;
const modes = ['strict', 'smooth'] as const;

/** What a clock says that is off by so much. */
const off = (byMs: number): Clock => ({ ...systemClock, epoch: () => systemClock.epoch() + byMs });

describeWithRedis('time in Redis', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  describe('by the clock of the caller', () => {
    itKeepsTime(() => new RedisStore(client, { ...patient, time: 'client', maxDeniedSubjects: 0 }));
  });

  it('16.2 client clocks ±10 min: gives the same verdicts, as if there were one clock', async () => {
    const name = crypto.randomUUID();
    const limiters = [-600_000, 0, 600_000].map(
      (byMs) =>
        new RateLimiter({
          name,
          limits: { user: { limit: 3, windowMs } },
          clock: off(byMs),
          store: new RedisStore(client, { ...patient, maxDeniedSubjects: 0 }),
        }),
    );

    const seen: unknown[] = [];
    for (const limiter of [...limiters, ...limiters.toReversed()]) {
      const { allowed, limits } = await limiter.check('alice');
      seen.push([allowed, limits.user?.remaining]);
      expect(limits.user?.resetMs).toBeGreaterThan(windowMs - 10_000);
      expect(limits.user?.resetMs).toBeLessThanOrEqual(windowMs);
    }

    expect(seen).toEqual([
      ...[2, 1, 0].map((left) => [true, left]),
      ...[0, 0, 0].map((left) => [false, left]),
    ]);
  });

  /** A limiter whose server was `byMs` ahead of what it is now when all but one unit was spent. */
  async function limiterAfterStep(mode: 'strict' | 'smooth', limit: number, byMs: number) {
    const options = { name: crypto.randomUUID(), limits: { user: { limit, windowMs, mode } } };
    const before = new RedisStore(client, { ...patient, time: 'client' });
    const asked = await new RateLimiter({ ...options, store: before, clock: off(byMs) }).check('alice', {
      cost: limit - 1,
    });
    expect(asked.allowed).toBe(true);
    return new RateLimiter({
      ...options,
      store: new RedisStore(client, { ...patient, maxDeniedSubjects: 0 }),
    });
  }
  const sorts = modes.flatMap((mode) => [5, 50].map((limit) => [mode, limit] as const));

  it.each(sorts)(
    '16.2 server clock back 5 s: grants no more than what is left, and tells no negative time, %s, %i',
    async (mode, limit) => {
      const limiter = await limiterAfterStep(mode, limit, 5_000);

      const answers = [];
      for (let call = 0; call < 4; call += 1) answers.push(await limiter.check('alice'));

      expect(answers.map(({ allowed }) => allowed)).toEqual([true, false, false, false]);
      for (const { limits } of answers) {
        expect(limits.user?.remaining).toBe(0);
        expect(limits.user?.retryAfterMs).toBeGreaterThan(0);
        expect(limits.user?.resetMs).toBeLessThanOrEqual(windowMs);
      }
      expect(limiter.statistics().storeErrors).toBe(0);
    },
  );

  it.each(sorts)('16.2 server clock forward 1 h: grants one quota, %s, %i', async (mode, limit) => {
    const limiter = await limiterAfterStep(mode, limit, -3_600_000);

    const answers = [await limiter.check('alice', { cost: limit }), await limiter.check('alice')];

    expect(answers.map(({ allowed }) => allowed)).toEqual([true, false]);
  });

  it('16.2 window of 30 days: keeps the value for so long', async () => {
    const prefix = crypto.randomUUID();
    const store = new RedisStore(client, { ...patient, prefix });
    await new RateLimiter({ limits: { user: { limit: 2, windowMs: 30 * day } }, store }).check('alice');

    const [key = ''] = await client.keys(`${prefix}*`);

    expect(await client.pttl(key)).toBeGreaterThan(30 * day - 60_000);
    expect(await client.pttl(key)).toBeLessThanOrEqual(30 * day);
  });
});
