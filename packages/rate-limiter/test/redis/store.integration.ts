import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import type { AnyLimiter } from '../support/traces.ts';

// A loaded machine must not turn a slow answer into a local decision where the test is about Redis.
const patient = { timeoutMs: 10_000 };

describeWithRedis('RedisStore', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());
  beforeEach(() => client.flushall());

  it('admits exactly the limit of 1000 parallel checks over several connections', async () => {
    const clients = Array.from({ length: 4 }, () => new Redis(redis.url));
    const limits = { user: { limit: 5, windowMs: 60_000 } };
    const limiters = clients.map((each) => new RateLimiter({ limits, store: new RedisStore(each, patient) }));

    const decisions = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => (limiters[i % 4] as (typeof limiters)[number]).check('alice')),
    );

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5);
    expect(new Set(decisions.map(({ source }) => source))).toEqual(new Set(['redis']));
    for (const each of clients) each.disconnect();
  });

  it('tells subjects apart that UTF-8 does not', async () => {
    const limits = { user: { limit: 1, windowMs: 60_000 } };
    const limiter = new RateLimiter({ limits, store: new RedisStore(client, patient) });

    for (const subject of ['a\ud800', 'a\ud801', 'a\ufffd'])
      expect(await limiter.check(subject)).toMatchObject({ allowed: true, source: 'redis' });
    expect(await limiter.check('a\ud800')).toMatchObject({ allowed: false });
  });

  it('keeps one value per scope, which expires when nothing in it counts', async () => {
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

  it('goes on without an error when the server forgets the script', async () => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 3, windowMs: 60_000 } },
      store: new RedisStore(client, patient),
    });
    await limiter.check('alice');
    await client.script('FLUSH');

    expect(await limiter.check('alice')).toMatchObject({
      source: 'redis',
      limits: { user: { remaining: 1 } },
    });
    expect(limiter.statistics().storeErrors).toBe(0);
  });

  it('refuses at once when a limit is lowered, and lets pass at once when it is raised', async () => {
    const store = new RedisStore(client, patient);
    const limited = (limit: number): AnyLimiter => {
      const limits: LimitsOptions = { user: { limit, windowMs: 60_000 } };
      return new RateLimiter({ limits, store });
    };
    await limited(100).check('alice', { cost: 70 });

    expect(await limited(50).check('alice')).toMatchObject({
      allowed: false,
      limits: { user: { remaining: 0 } },
    });
    expect(await limited(100).check('alice')).toMatchObject({
      allowed: true,
      limits: { user: { remaining: 29 } },
    });
  });

  it('gives the same verdicts to processes whose clocks differ by minutes', async () => {
    const limits = { user: { limit: 3, windowMs: 60_000 } };
    const store = new RedisStore(client, patient);
    const clocks = [new ManualClock(0), new ManualClock(), new ManualClock(2_000_000_000_000)];
    const verdicts: boolean[] = [];
    for (let i = 0; i < 6; i += 1) {
      const clock = { now: () => 0, epoch: () => clocks[i % 3]?.epoch() ?? 0, schedule: never };
      verdicts.push((await new RateLimiter({ limits, store, clock }).check('alice')).allowed);
    }

    expect(verdicts).toEqual([true, true, true, false, false, false]);
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

function never(): () => void {
  return () => undefined;
}
