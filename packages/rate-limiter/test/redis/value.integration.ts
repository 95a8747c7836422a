import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

// A loaded machine must not turn a slow answer into a local decision where the test is about Redis.
const patient = { timeoutMs: 10_000, maxDeniedSubjects: 0 };
const windowMs = 60_000;

describeWithRedis('A value in Redis', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());
  beforeEach(() => client.flushall());

  const limiterOf = <const Limits extends LimitsOptions>(limits: Limits): RateLimiter<Limits> =>
    new RateLimiter({ limits, store: new RedisStore(client, patient) });
  const onlyKey = async (): Promise<string> => (await client.keys('*'))[0] ?? '';

  it('invariant 13: is taken for nothing if it is damaged, which is counted, and never fails a call', async () => {
    const limits = { user: { limit: 3, windowMs }, smooth: { limit: 50, windowMs, mode: 'smooth' } } as const;
    const limiter = limiterOf(limits);
    for (let i = 0; i < 3; i += 1) await limiter.check('alice');
    const key = await onlyKey();
    const whole = (await client.getBuffer(key)) ?? Buffer.alloc(0);
    const damaged = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ size: 'max', maxLength: 300 }).map((bytes) => Buffer.from([2, ...bytes])),
      fc.nat(whole.length).map((length) => whole.subarray(0, length)),
      fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.concat([whole, bytes])),
      fc
        .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
        .map((bytes) => {
          const copy = Buffer.from(whole);
          for (const [at, byte] of bytes) copy[at] = byte;
          return copy;
        }),
    );

    await fc.assert(
      fc.asyncProperty(damaged, fc.integer({ min: 0, max: 3 }), async (value, cost) => {
        await client.set(key, value);
        expect((await limiter.check('alice', { cost })).source).toBe('redis');
        await limiter.penalize('alice', 1);
        await limiter.reset('alice', ['user']);
        expect((await limiter.check('alice')).source).toBe('redis');
      }),
      { numRuns: 500 },
    );

    const { storeErrors } = limiter.statistics();
    await client.set(key, 'garbage');
    await limiter.check('alice');
    expect(limiter.statistics().storeErrors).toBe(storeErrors + 1);
  });

  it.each([
    ['block', 1],
    ['expiry', 9],
    ['cost', 44],
    ['grid', 52],
    ['latest charge', 60],
  ])('is taken for nothing if its %s is no number that could be', async (_, offset) => {
    const limiter = limiterOf({ user: { limit: 3, windowMs } });

    for (const nonsense of [NaN, Infinity, 1e300]) {
      const { storeErrors } = limiter.statistics();
      await limiter.check('alice', { cost: 3 });
      const key = await onlyKey();
      const value = (await client.getBuffer(key)) ?? Buffer.alloc(0);
      value.writeDoubleLE(nonsense, offset);
      await client.set(key, value);

      expect(await limiter.check('alice')).toMatchObject({ allowed: true, source: 'redis' });
      expect(limiter.statistics().storeErrors).toBe(storeErrors + 1);
      await limiter.reset('alice');
    }
  });

  it('that is damaged takes nothing from the others of the same call', async () => {
    const limits = {
      user: { limit: 3, windowMs, by: 'user' },
      ip: { limit: 9, windowMs, by: 'ip' },
      all: { limit: 9, windowMs, by: 'global' },
    } as const;
    const limiter = limiterOf(limits);
    const subject = { user: 'alice', ip: '192.0.2.1' };
    await limiter.check(subject, { cost: 3 });
    for (const scope of ['user', 'ip', 'global']) {
      const [key = ''] = await client.keys(`*:${scope}:*`);
      const whole = (await client.getBuffer(key)) ?? Buffer.alloc(0);
      const value = Buffer.from(whole);
      value.writeDoubleLE(NaN, 1);
      await client.set(key, value);

      const { limits: states } = await limiter.check(subject, { cost: 0 });

      const left = [states.user?.remaining, states.ip?.remaining, states.all?.remaining];
      expect(left).toEqual([scope === 'user' ? 3 : 0, scope === 'ip' ? 9 : 6, scope === 'global' ? 9 : 6]);
      await client.set(key, whole);
    }
  });

  it('of another type is taken for nothing as well', async () => {
    const limiter = limiterOf({ user: { limit: 3, windowMs } });
    await limiter.check('alice');
    const key = await onlyKey();
    await client.del(key);
    await client.lpush(key, 'a list');

    expect(await limiter.check('alice', { cost: 0 })).toMatchObject({
      source: 'redis',
      limits: { user: { remaining: 3 } },
    });
    expect(limiter.statistics().storeErrors).toBe(1);
    expect(await limiter.check('alice')).toMatchObject({ source: 'redis', allowed: true });
    expect(await limiter.check('alice')).toMatchObject({ limits: { user: { remaining: 1 } } });
  });

  it.each([1, 2])(
    'of version %i, as there was before, is taken for nothing and is no error',
    async (version) => {
      const limiter = limiterOf({ user: { limit: 3, windowMs } });
      await limiter.check('alice');
      await client.set(await onlyKey(), Buffer.from([version, 4, ...Buffer.from('user'), 0, 0]));

      expect(await limiter.check('alice')).toMatchObject({ limits: { user: { remaining: 2 } } });
      expect(limiter.statistics().storeErrors).toBe(0);
    },
  );

  it('invariant 13: keeps what a limiter does not know until it runs out', async () => {
    const clock = new ManualClock(Date.now());
    const store = new RedisStore(client, { ...patient, time: 'client' });
    const old = new RateLimiter({
      limits: { user: { limit: 9, windowMs }, gone: { limit: 9, windowMs } },
      store,
      clock,
    });
    const young = new RateLimiter({
      limits: { fresh: { limit: 9, windowMs }, user: { limit: 9, windowMs } },
      store,
      clock,
    });
    await old.check('alice', { cost: 2 });
    await young.check('alice', { cost: 3 });
    const both = await client.strlen(await onlyKey());

    expect((await old.check('alice', { cost: 0 })).limits).toMatchObject({
      user: { remaining: 4 },
      gone: { remaining: 7 },
    });
    expect((await young.check('alice', { cost: 0 })).limits).toMatchObject({
      user: { remaining: 4 },
      fresh: { remaining: 6 },
    });
    clock.advanceSync(windowMs);
    await young.check('alice');
    expect(await client.strlen(await onlyKey())).toBeLessThan(both);
  });

  it('invariant 4: is not even touched by a refusal, but for the limits that count attempts', async () => {
    const strict = limiterOf({ user: { limit: 1, windowMs } });
    await strict.check('alice');
    const seen = async (key: string): Promise<unknown[]> => [
      await client.getBuffer(key),
      await client.call('PEXPIRETIME', key),
    ];
    const key = await onlyKey();
    const before = await seen(key);

    expect((await strict.check('alice')).allowed).toBe(false);
    expect((await strict.check('alice', { cost: 0 })).allowed).toBe(true);

    expect(await seen(key)).toEqual(before);
    await client.flushall();
    const counting = limiterOf({
      user: { limit: 1, windowMs },
      burst: { limit: 3, windowMs, counts: 'attempts' },
    });
    const left: (number | undefined)[] = [];
    for (let i = 0; i < 5; i += 1) left.push((await counting.check('alice')).limits.burst?.remaining);
    expect(left).toEqual([2, 1, 0, 0, 0]);
    const full = await seen(await onlyKey());
    await counting.check('alice');
    expect(await seen(await onlyKey())).toEqual(full);
  });

  it('of four limits takes less than 250 bytes at first, and never more than the cells of its windows', async () => {
    const limits = {
      user: { limit: 100, windowMs: 3_200 },
      burst: { limit: 50, windowMs: 3_200, counts: 'attempts' },
      expensive: { limit: 20, windowMs: 3_200 },
      smooth: { limit: 100, windowMs: 3_200, mode: 'smooth' },
    } as const;
    const clock = new ManualClock(Date.now());
    const limiter = new RateLimiter({
      limits,
      clock,
      store: new RedisStore(client, { ...patient, time: 'client' }),
    });
    await limiter.check('alice');
    expect(await client.strlen(await onlyKey())).toBeLessThan(250);

    let largest = 0;
    for (let i = 0; i < 300; i += 1) {
      clock.advanceSync(53);
      await limiter.check('alice');
      largest = Math.max(largest, await client.strlen(await onlyKey()));
    }

    expect(largest).toBeLessThan(250 + 2 * 32 * 12 + 20 * 12);
  });
});
