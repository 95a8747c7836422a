import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

// A loaded machine must not turn a slow answer into a local decision where the test is about Redis.
const patient = { timeoutMs: 10_000 };

describeWithRedis('RedisStore', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());
  beforeEach(() => client.flushall());

  it('D1: keeps one value per scope, which expires when nothing in it counts', async () => {
    const limits = {
      user: { limit: 5, windowMs: 500, by: 'user' },
      expensive: { limit: 5, windowMs: 300, by: 'user', tag: 'expensive' },
      all: { limit: 5, windowMs: 200, by: 'global' },
    } as const;
    const limiter = new RateLimiter({ name: 'api', limits, store: new RedisStore(client, patient) });
    await limiter.check({ user: 'alice' }, { tags: ['expensive'] });

    const keys = (await client.keys('*')).toSorted();
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe('holdfast:rate-limiter:{api:global:47DEQpj8HBSa-_TImW-5JC}');
    expect(keys[1]).toMatch(/^holdfast:rate-limiter:\{api:user:[\w-]{22}\}$/);
    expect(await client.pttl(keys[1] ?? '')).toBeGreaterThan(300);
    expect(await client.pttl(keys[1] ?? '')).toBeLessThanOrEqual(500);
    await until('the keys expire', async () => (await client.dbsize()) === 0, 2_000);
  });

  it('decides over as many limits of one scope as a script can tell apart', async () => {
    const limits = Object.fromEntries(
      Array.from({ length: 127 }, (_, i) => {
        const mode = i % 3 === 2 ? ('smooth' as const) : ('strict' as const);
        return [`limit ${i}`, { limit: 40 + i, windowMs: 60_000, mode, minFactor: 0.5 }];
      }),
    );
    const limiter = new RateLimiter({ limits, store: new RedisStore(client, patient) });

    for (const spent of [20, 40]) {
      const { source, limits: states } = await limiter.check('alice', { cost: 20 });

      expect(source).toBe('redis');
      const left = Object.values(states).map((state) => state?.remaining);
      expect(left).toEqual(Array.from({ length: 127 }, (_, i) => 40 + i - spent));
    }
    expect(await limiter.check('alice')).toMatchObject({ allowed: false, violated: ['limit 0'] });
  });

  it('tells calls of one turn what it tells them one by one, whoever is blocked or counted ahead of the clock', async () => {
    const limits = {
      user: { limit: 40, windowMs: 60_000, by: 'user' },
      rate: { limit: 40, windowMs: 60_000, by: 'user', mode: 'smooth' },
      all: { limit: 500, windowMs: 60_000, by: 'global' },
    } as const;
    const [clock, ahead] = [new ManualClock(Date.now()), new ManualClock(Date.now() + 2_000)];
    const limited = (prefix: string, by: ManualClock): RateLimiter<typeof limits> => {
      const store = new RedisStore(client, { ...patient, time: 'client', maxDeniedSubjects: 0, prefix });
      return new RateLimiter({ limits, store, clock: by });
    };
    const calls = ['alice', 'blocked', 'early', 'alice', 'full', 'early', 'carol'].map((user) => ({ user }));
    const told: unknown[] = [];

    for (const turn of ['one', 'each']) {
      await limited(turn, ahead).check({ user: 'early' }, { cost: 3 });
      const limiter = limited(turn, clock);
      await limiter.block({ user: 'blocked' }, 5_000);
      await limiter.check({ user: 'full' }, { cost: 40 });
      const checks = [];
      for (const call of calls) {
        const checked = limiter.check(call);
        if (turn === 'each') await checked;
        checks.push(checked);
      }
      const decisions = await Promise.all(checks);
      told.push(
        decisions.map(({ allowed, blocked, retryAfterMs, limits: states }) => ({
          allowed,
          blocked,
          retryAfterMs,
          states,
        })),
      );
      expect(decisions.map(({ allowed }) => allowed)).toEqual([true, false, true, true, false, true, true]);
    }

    expect(told[0]).toEqual(told[1]);
  });

  it('takes no pause of its own process for one of the server', async () => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 3, windowMs: 60_000 } },
      store: new RedisStore(client, { timeoutMs: 100 }),
    });
    await limiter.check('alice');

    const checked = limiter.check('alice');
    await Promise.resolve();
    const sentAt = performance.now();
    while (performance.now() - sentAt < 200) Math.sqrt(sentAt);

    expect((await checked).source).toBe('redis');
    expect(limiter.statistics().storeErrors).toBe(0);
  });

  it('16.1 script flushed: goes on without an error, with one more round trip', async () => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 3, windowMs: 60_000 } },
      store: new RedisStore(client, patient),
    });
    await limiter.check('alice');
    await client.script('FLUSH');
    await client.config('RESETSTAT');

    const seen = [await limiter.check('alice'), await limiter.check('bob')];

    expect(seen).toMatchObject([
      { source: 'redis', limits: { user: { remaining: 1 } } },
      { source: 'redis', limits: { user: { remaining: 2 } } },
    ]);
    expect(limiter.statistics().storeErrors).toBe(0);
    const calls = Array.from(
      (await client.info('commandstats')).matchAll(/cmdstat_(evalsha|eval):calls=(\d+)/g),
      ([, command, count]) => `${command} ${count}`,
    );
    expect(calls.toSorted()).toEqual(['eval 1', 'evalsha 2']);
  });

  it('lets time stand still for a clock that is behind, and forgets what lies far ahead of the server', async () => {
    const limits = { user: { limit: 2, windowMs: 60_000 } };
    const ahead = new ManualClock(Date.now() + 3_600_000);
    const byCaller = new RateLimiter({
      limits,
      clock: ahead,
      store: new RedisStore(client, { ...patient, time: 'client' }),
    });
    await byCaller.check('alice');
    ahead.shiftEpoch(-1_800_000);

    expect((await byCaller.check('alice', { cost: 0 })).limits.user?.resetMs).toBe(60_000);
    expect(await byCaller.check('alice')).toMatchObject({
      limits: { user: { remaining: 0, resetMs: 60_000 } },
    });
    const byServer = new RateLimiter({ limits, store: new RedisStore(client, patient) });
    expect(await byServer.check('alice')).toMatchObject({
      allowed: true,
      limits: { user: { remaining: 1 } },
    });
  });

  it('frees what was spent one window later, to the microsecond', async () => {
    const clock = new ManualClock();
    const store = new RedisStore(client, { ...patient, time: 'client' });
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 60_000 } }, clock, store });
    await limiter.check('alice');

    clock.advanceSync(59_999.999);
    expect((await limiter.check('alice')).allowed).toBe(false);
    clock.advanceSync(0.001);
    expect((await limiter.check('alice')).allowed).toBe(true);
  });

  it('opens a client of its own from a URL and closes it', async () => {
    const limiterStore = new RedisStore(redis.url);
    const limiter = new RateLimiter({
      limits: { user: { limit: 1e6, windowMs: 60_000 } },
      store: limiterStore,
    });
    const connections = async (): Promise<number> =>
      String(await client.client('LIST'))
        .trim()
        .split('\n').length;
    const before = await connections();
    await until('it is connected', async () => (await limiter.check('alice')).source === 'redis');
    expect(await connections()).toBeGreaterThanOrEqual(before);

    await limiterStore[Symbol.asyncDispose]();

    expect((await limiter.check('alice')).source).toBe('local');
    await until('the server has lost it', async () => (await connections()) === 1);
  });
});
