import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

const windowMs = 60_000;
const patient = { timeoutMs: 10_000 };

describeWithRedis('RedisStore with leases', (redis) => {
  let client: Redis;
  let run = 0;
  beforeEach(() => {
    run += 1;
    client = new Redis(redis.url, { retryStrategy: () => 20 });
    client.on('error', () => undefined);
  });
  afterEach(() => client.disconnect());

  const limits = {
    user: { limit: 50, windowMs, by: 'user' },
    all: { limit: 1_000, windowMs, by: 'global' },
  } as const;
  interface Setup {
    readonly store: RedisStore;
    readonly limiter: RateLimiter<typeof limits>;
  }
  function setup(ttlMs = 10_000): Setup {
    const store = new RedisStore(client, { ...patient, leases: { ttlMs } });
    return { store, limiter: new RateLimiter({ name: `run ${run}`, limits, store }) };
  }
  /** Calls until some quota is held; returns how often. */
  async function warmUp({ limiter }: Setup): Promise<number> {
    let calls = 0;
    await until('quota is held', async () => {
      const atOnce = Array.from({ length: 8 }, () => limiter.check({ user: `user ${(calls += 1)}` }));
      return (await Promise.all(atOnce)).some(({ source }) => source === 'lease');
    });
    return calls;
  }
  /** What is left of all, as one sees it who holds nothing. */
  async function remaining(): Promise<number | undefined> {
    const limiter = new RateLimiter({ name: `run ${run}`, limits, store: new RedisStore(client, patient) });
    return (await limiter.check({ user: 'nobody' }, { cost: 0 })).limits.all?.remaining;
  }

  it('asks nobody about a call under shared limits only', async () => {
    const store = new RedisStore(client, { ...patient, leases: {} });
    const limiter = new RateLimiter({ name: `run ${run}`, limits: { all: limits.all }, store });
    await until('quota is held', async () => (await limiter.check({})).source === 'lease');

    const decision = limiter.checkSync({});

    expect(decision).toMatchObject({ allowed: true, source: 'lease' });
    expect(decision.limits.all?.remaining).toBeGreaterThan(900);
    expect(decision.limits.all?.resetMs).toBe(windowMs);
  });

  it('asks about the limits of the subject as before, and keeps what they refuse', async () => {
    const fleet = setup();
    await warmUp(fleet);
    const { limiter } = fleet;

    await limiter.check({ user: 'alice' }, { cost: 49 });
    expect((await limiter.check({ user: 'alice' })).limits.user?.remaining).toBe(0);
    for (let i = 0; i < 100; i += 1)
      expect(await limiter.check({ user: 'alice' })).toMatchObject({ allowed: false, violated: ['user'] });
    const { allowed } = limiter.statistics().decisions;
    await fleet.store[Symbol.asyncDispose]();

    expect(await remaining()).toBe(1_000 - allowed - 48);
  });

  it.each(['strict', 'smooth'] as const)(
    'holds at most half of what is left of a %s limit that a factor lowers',
    async (mode) => {
      const lowered = { all: { limit: 1_000, windowMs, by: 'global', mode, minFactor: 0.1 } } as const;
      const limited = (store: RedisStore): RateLimiter<typeof lowered> =>
        new RateLimiter({ name: `run ${run}`, limits: lowered, store, factor: () => 0.1 });
      const limiter = limited(new RedisStore(client, { ...patient, leases: { ttlMs: 10_000 } }));
      let asked = 60;

      await limiter.check({}, { cost: 60 });
      await until('quota is held', async () => {
        const { source } = await limiter.check({});
        if (source === 'redis') asked += 1;
        return source === 'lease';
      });

      const left = (await limited(new RedisStore(client, patient)).check({}, { cost: 0 })).limits.all
        ?.remaining;
      expect(left).toBeLessThan(100 - asked);
      expect(left).toBeGreaterThanOrEqual(100 - asked - 20);
    },
  );

  it('gives back what it did not use when it is disposed of', async () => {
    const fleet = setup();
    const calls = await warmUp(fleet);

    expect(await remaining()).toBeLessThan(1_000 - calls);
    await fleet.store[Symbol.asyncDispose]();
    expect(await remaining()).toBe(1_000 - calls);
    expect((await fleet.limiter.check({ user: 'bob' })).source).toBe('local');
  });

  it('gives back what it did not use when its time is over', async () => {
    const calls = await warmUp(setup(100));

    await until('it is given back', async () => (await remaining()) === 1_000 - calls);
    expect(await client.keys(`*{run ${run}:*:all`)).toEqual([]);
  });

  it('gives a call back, and charges it what it turned out to cost', async () => {
    const fleet = setup();
    const calls = await warmUp(fleet);

    const given = await fleet.limiter.check({ user: 'carol' }, { cost: 1 });
    await given.refund();
    const dear = await fleet.limiter.check({ user: 'carol' }, { cost: 1 });
    await dear.settle(30);

    expect([given.source, dear.source]).toEqual(['lease', 'lease']);
    expect((await fleet.limiter.check({ user: 'carol' }, { cost: 0 })).limits.user?.remaining).toBe(20);
    await fleet.store[Symbol.asyncDispose]();
    expect(await remaining()).toBe(1_000 - calls - 30);
  });

  it('goes on when the server forgets its scripts', async () => {
    const fleet = setup();
    await warmUp(fleet);
    await client.script('FLUSH');

    for (let i = 0; i < 200; i += 1)
      expect((await fleet.limiter.check({ user: `user ${i}` })).allowed).toBe(true);
    await fleet.store[Symbol.asyncDispose]();

    expect(await remaining()).toBe(1_000 - fleet.limiter.statistics().decisions.allowed);
    expect(fleet.limiter.statistics().storeErrors).toBe(0);
  });

  it('knows of nonsense under its keys only that it is none of its own', async () => {
    const fleet = setup();
    await warmUp(fleet);
    const [holders] = await client.keys('*:all');
    await client.set(holders ?? '', 'nonsense');

    for (let i = 0; i < 100; i += 1)
      expect((await fleet.limiter.check({ user: `user ${i}` })).allowed).toBe(true);
    expect(fleet.limiter.statistics().storeErrors).toBe(0);
  });

  it('spends what it holds while the server is gone, and no more than its share of the rest', async () => {
    const store = new RedisStore(client, { ...patient, leases: { ttlMs: 5_000 }, probeIntervalMs: 20 });
    const limiter = new RateLimiter({ name: `run ${run}`, limits: { all: limits.all }, store });
    for (let i = 0; i < 600; i += 1) await limiter.check({});
    await redis.stop();
    await until('it is known', async () => client.status !== 'ready');

    const held = await limiter.check({});
    await until('all is spent', async () => {
      const atOnce = Array.from({ length: 100 }, () => limiter.check({}));
      return (await Promise.all(atOnce)).some(({ allowed }) => !allowed);
    });
    const { allowed, local } = limiter.statistics().decisions;
    await redis.start();

    expect(held).toMatchObject({ allowed: true, source: 'lease' });
    expect(local).toBeGreaterThan(0);
    expect(allowed).toBeLessThanOrEqual(1_000);
  });

  it('starts anew on a server that has forgotten everything, with what was used of its leases', async () => {
    const fleet = setup(100);
    await warmUp(fleet);
    await client.flushall();
    await until('it is known', async () => ((await remaining()) ?? 0) < 1_000);

    await until('it leases again', async () => {
      await fleet.limiter.check({ user: 'dave' });
      return (await client.keys('*:all')).length > 0;
    });
    expect(fleet.limiter.statistics().storeErrors).toBe(0);
  });
});
