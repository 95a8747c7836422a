import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore, type RedisStoreOptions } from '@holdfast/rate-limiter/redis';
import { type Child, describeWithRedis, startChild, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itHoldsTheLayers } from './layers.ts';

// A loaded machine must not turn a slow answer into a local decision where the test is about Redis.
const patient = { timeoutMs: 10_000, time: 'client' } as const;
const limits = { user: { limit: 5, windowMs: 60_000 } } satisfies LimitsOptions;
const processes = 8;

describeWithRedis('the layers of a service in Redis', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  const storeOf = (options: RedisStoreOptions = {}): RedisStore =>
    new RedisStore(client, { ...patient, prefix: crypto.randomUUID(), ...options });

  describe.each([0, 100])('remembering %i refusals', (maxDeniedSubjects) => {
    itHoldsTheLayers(() => storeOf({ maxDeniedSubjects }));
  });

  it('16.1 cost 0: writes nothing, and leaves the time to live as it is', async () => {
    const clock = new ManualClock(Date.now());
    const prefix = crypto.randomUUID();
    const limiter = new RateLimiter({ limits, clock, store: storeOf({ prefix }) });
    const seen = async (): Promise<readonly unknown[]> => {
      const keys = (await client.keys(`${prefix}*`)).toSorted();
      return Promise.all(
        keys.map(async (key) => [key, await client.getBuffer(key), await client.call('PEXPIRETIME', key)]),
      );
    };
    await limiter.check('alice', { cost: 2 });
    const before = await seen();
    expect(before).toHaveLength(1);
    clock.advanceSync(7_000);

    expect((await limiter.check('alice', { cost: 0 })).limits.user?.remaining).toBe(3);
    expect((await limiter.check('bob', { cost: 0 })).limits.user?.remaining).toBe(5);

    expect(await seen()).toEqual(before);
  });

  it('16.1 1000 parallel calls, limit 5: of many processes admits exactly 5', async () => {
    const name = crypto.randomUUID();
    const script = new URL('children/calling-at-once.ts', import.meta.url);
    const children: Child[] = [];
    try {
      for (let i = 0; i < processes; i += 1) children.push(startChild(script, [redis.url, name]));
      await until('all of them are at the gate', async () =>
        new RegExp(`blocked_clients:${processes}\\r`).test(await client.info('clients')),
      );
      await client.lpush(name, ...Array.from({ length: processes }, () => 'go'));

      const said = await Promise.all(children.map((child) => child.ended()));

      const admitted = said.map(([line]) => Number(line));
      expect(admitted.reduce((sum, each) => sum + each, 0)).toBe(5);
    } finally {
      for (const child of children) await child[Symbol.asyncDispose]();
    }
  });
});
