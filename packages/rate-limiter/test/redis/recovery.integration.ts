import { isDeepStrictEqual } from 'node:util';
import { type Decision, type LimitsOptions, RateLimiter, RateLimitStoreError } from '@holdfast/rate-limiter';
import { RedisStore, type RedisStoreOptions } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, type Proxy, startProxy, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

const limits = { user: { limit: 10, windowMs: 60_000 } } as const;
const patient = { timeoutMs: 10_000 };

describeWithRedis('RedisStore after an outage', (redis) => {
  let proxy: Proxy;
  const clients: Redis[] = [];
  let run = 0;

  beforeEach(async () => {
    run += 1;
    proxy = await startProxy(redis.port);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await proxy[Symbol.asyncDispose]();
  });

  function limiterOf<const Limits extends LimitsOptions = typeof limits>(
    url: string,
    options: RedisStoreOptions = {},
    own?: Limits,
  ): RateLimiter<Limits> {
    const client = new Redis(url, { retryStrategy: () => 20, autoResendUnfulfilledCommands: false });
    client.on('error', () => undefined);
    clients.push(client);
    const store = new RedisStore(client, options);
    return new RateLimiter({ name: `run ${run}`, limits: own ?? (limits as unknown as Limits), store });
  }
  const throughProxy = (options?: RedisStoreOptions): RateLimiter<typeof limits> =>
    limiterOf(proxy.url(redis.url), options);
  const direct = (): RateLimiter<typeof limits> => limiterOf(redis.url, patient);
  const remaining = async (limiter: RateLimiter<typeof limits>): Promise<number | undefined> =>
    (await limiter.check('alice', { cost: 0 })).limits.user?.remaining;
  const decidedIn = (limiter: Pick<RateLimiter, 'check'>, source: string): Promise<void> =>
    until(`decisions are made in ${source}`, async () => (await limiter.check('probe')).source === source);

  it('16.3 recovery: tells the store what it admitted meanwhile', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    await proxy.cut();
    await decidedIn(limiter, 'local');

    for (let i = 0; i < 4; i += 1)
      expect(await limiter.check('alice')).toMatchObject({ allowed: true, source: 'local' });
    await proxy.heal();
    await decidedIn(limiter, 'redis');

    await until('the store knows', async () => (await remaining(direct())) === 6);
  });

  it('16.3 recovery: never charges more than the limit by what several processes admitted', async () => {
    const many = Array.from({ length: 3 }, () => throughProxy({ probeIntervalMs: 20 }));
    for (const limiter of many) await decidedIn(limiter, 'redis');
    await proxy.cut();
    for (const limiter of many) await decidedIn(limiter, 'local');
    for (const limiter of many) for (let i = 0; i < 6; i += 1) await limiter.check('alice');
    await proxy.heal();
    for (const limiter of many) await decidedIn(limiter, 'redis');

    await until('the store knows', async () => (await remaining(direct())) === 0);
    expect((await direct().check('alice', { cost: 0 })).allowed).toBe(true);
  });

  it('goes on in an outage with what the store knew of a subject', async () => {
    const limiter = throughProxy({ probeIntervalMs: 10_000 });
    await decidedIn(limiter, 'redis');
    await direct().check('alice', { cost: 7 });
    expect(await remaining(limiter)).toBe(3);
    await proxy.cut();
    await decidedIn(limiter, 'local');

    expect(await remaining(limiter)).toBe(3);
    const decisions = [];
    for (let i = 0; i < 4; i += 1) decisions.push((await limiter.check('alice')).allowed);
    expect(decisions).toEqual([true, true, true, false]);
  });

  it('16.3 local share: takes only its share of what the store knew', async () => {
    const limiter = throughProxy({ probeIntervalMs: 10_000, instances: 2 });
    await decidedIn(limiter, 'redis');
    await direct().check('alice', { cost: 7 });
    await remaining(limiter);
    await proxy.cut();
    await decidedIn(limiter, 'local');

    expect(await remaining(limiter)).toBe(1);
  });

  it('16.3 late reply: never sends a charge again whose fate is unknown', async () => {
    const limiter = throughProxy({ timeoutMs: 50, probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    proxy.hold();

    expect((await limiter.check('alice', { cost: 3 })).source).toBe('local');
    await until('the server has charged it', async () => (await remaining(direct())) === 7);
    await proxy.heal();
    await decidedIn(limiter, 'redis');

    expect(await remaining(limiter)).toBe(7);
  });

  it('gives back what was admitted in an outage, during it and after it', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    await proxy.cut();
    await decidedIn(limiter, 'local');
    const [early, late] = [
      await limiter.check('alice', { cost: 2 }),
      await limiter.check('alice', { cost: 3 }),
    ];

    await early.refund();
    expect(await remaining(limiter)).toBe(7);
    await proxy.heal();
    await decidedIn(limiter, 'redis');
    await until('the store knows', async () => (await remaining(direct())) === 7);
    await late.refund();

    await until('the store knows that as well', async () => (await remaining(direct())) === 10);
  });

  it('does not remember a refusal beyond a refund of what was admitted in an outage', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20, timeoutMs: 2_000 });
    await decidedIn(limiter, 'redis');
    await proxy.cut();
    await decidedIn(limiter, 'local');
    const admitted = await limiter.check('alice', { cost: 3 });
    await proxy.heal();
    await decidedIn(limiter, 'redis');
    await until('the store knows', async () => (await remaining(direct())) === 7);
    await limiter.check('alice', { cost: 7 });
    expect((await limiter.check('alice')).allowed).toBe(false);

    await admitted.refund();

    expect(await limiter.check('alice')).toMatchObject({ allowed: true, source: 'redis' });
  });

  it('penalizes and rewards in an outage, and tells the store of it', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    await proxy.cut();
    await decidedIn(limiter, 'local');

    await limiter.penalize('alice', 6);
    expect(await remaining(limiter)).toBe(4);
    await limiter.reward('alice', 1);
    expect(await remaining(limiter)).toBe(5);
    await proxy.heal();
    await decidedIn(limiter, 'redis');

    await until('the store knows', async () => (await remaining(direct())) === 5);
  });

  it('charges in an outage what a call turned out to cost, on top of what the store knew, and tells it', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    const decision = await limiter.check('alice');
    await proxy.cut();
    await decidedIn(limiter, 'local');

    await decision.settle(6);
    expect(await remaining(limiter)).toBe(4);
    await proxy.heal();
    await decidedIn(limiter, 'redis');

    await until('the store knows', async () => (await remaining(direct())) === 4);
  });

  it('penalizes in an outage on top of what the store knew', async () => {
    const limiter = throughProxy({ probeIntervalMs: 10_000 });
    await decidedIn(limiter, 'redis');
    await limiter.check('alice', { cost: 4 });
    await proxy.cut();
    await decidedIn(limiter, 'local');

    await limiter.penalize('alice', 3);

    expect(await remaining(limiter)).toBe(3);
  });

  it('gives back what was admitted in an outage under its own limits only', async () => {
    const own = {
      user: { limit: 10, windowMs: 60_000 },
      dear: { limit: 5, windowMs: 60_000, tag: 'dear' },
      tries: { limit: 5, windowMs: 60_000, counts: 'attempts' },
    } as const;
    const limiter = limiterOf(proxy.url(redis.url), { probeIntervalMs: 20 }, own);
    await decidedIn(limiter, 'redis');
    await proxy.cut();
    await decidedIn(limiter, 'local');
    await limiter.check('alice');
    const admitted = await limiter.check('alice', { tags: ['dear'] });
    await limiter.reset('alice', ['dear']);
    await limiter.check('alice', { tags: ['dear'] });

    await admitted.refund();
    await proxy.heal();
    await decidedIn(limiter, 'redis');

    const other = limiterOf(redis.url, patient, own);
    const look = (): Promise<Decision> => other.check('alice', { cost: 0, tags: ['dear'] });
    await until('the store knows', async () => (await look()).limits['tries']?.remaining === 2);
    expect((await look()).limits).toMatchObject({ user: { remaining: 8 }, dear: { remaining: 5 } });
  });

  it('counts what it could not tell the store as a failure', async () => {
    const limiter = throughProxy({ probeIntervalMs: 10_000 });
    await decidedIn(limiter, 'redis');
    const decision = await limiter.check('alice');
    await proxy.cut();
    await decidedIn(limiter, 'local');
    const { storeErrors } = limiter.statistics();

    await decision.refund();

    expect(limiter.statistics().storeErrors).toBe(storeErrors + 1);
  });

  it('keeps refusing a blocked subject in an outage', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    await limiter.block('alice', 60_000);
    await proxy.cut();
    await decidedIn(limiter, 'local');

    expect(await limiter.check('alice')).toMatchObject({ allowed: false, blocked: true });
  });

  it('tells the store who was blocked, unblocked and reset in an outage', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    await decidedIn(limiter, 'redis');
    await limiter.block('bob', 600_000);
    for (const subject of ['carol', 'dave']) await limiter.check(subject, { cost: 8 });
    await proxy.cut();
    await decidedIn(limiter, 'local');

    await limiter.block('alice', 600_000);
    await limiter.unblock('bob');
    await limiter.reset('carol');
    await limiter.reset('dave', ['user']);
    await limiter.check('dave', { cost: 2 });
    await proxy.heal();
    await decidedIn(limiter, 'redis');

    const other = direct();
    const stands = async (subject: string): Promise<unknown> => {
      const { blocked, limits: told } = await other.check(subject, { cost: 0 });
      return [blocked, told.user?.remaining];
    };
    await until('the store knows', async () => isDeepStrictEqual(await stands('dave'), [false, 8]));
    expect(await stands('alice')).toEqual([true, 10]);
    expect(await stands('bob')).toEqual([false, 10]);
    expect(await stands('carol')).toEqual([false, 10]);
  });

  it('tells what the server said', async () => {
    const limiter = throughProxy({ probeIntervalMs: 20 });
    const errors: unknown[] = [];
    limiter.events.subscribe((event) => {
      if (event.type === 'store-lost') errors.push(event.error);
    });
    await decidedIn(limiter, 'redis');
    await proxy.cut();
    await decidedIn(limiter, 'local');

    expect(errors).toEqual([expect.any(RateLimitStoreError)]);
  });
});
