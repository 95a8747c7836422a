import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedisCluster } from '@holdfast/test-support';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';

const limits = {
  user: { limit: 1_000, windowMs: 60_000, by: 'user' },
  all: { limit: 100_000, windowMs: 60_000, by: 'global' },
} as const;
const calls = 400;

describeWithRedisCluster('RedisStore with leases in a cluster', (nodes) => {
  let cluster: Cluster;
  beforeAll(() => {
    cluster = new Cluster([...nodes.addresses]);
  });
  afterAll(() => cluster.disconnect());

  /** How many scripts were run for so many calls one after the other. */
  async function scriptsFor(name: string, leases: { ttlMs: number } | undefined): Promise<number> {
    const store = new RedisStore(cluster, { timeoutMs: 10_000, leases });
    const limiter = new RateLimiter({ name, limits, store });
    const before = await scriptsRun();
    for (let i = 0; i < calls; i += 1)
      expect(await limiter.check({ user: `user ${i % 7}` })).toMatchObject({ allowed: true });
    await store[Symbol.asyncDispose]();
    expect((await limiterOf(name).check({ user: 'nobody' }, { cost: 0 })).limits.all?.remaining).toBe(
      limits.all.limit - calls,
    );
    return (await scriptsRun()) - before;
  }
  const limiterOf = (name: string): RateLimiter<typeof limits> =>
    new RateLimiter({ name, limits, store: new RedisStore(cluster, { timeoutMs: 10_000 }) });
  async function scriptsRun(): Promise<number> {
    const told = await Promise.all(cluster.nodes('master').map((node) => node.info('commandstats')));
    const runs = told.join('\n').matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm);
    return [...runs].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  it('saves the command about what all share', async () => {
    const without = await scriptsFor('without', undefined);
    const leasing = await scriptsFor('leasing', { ttlMs: 10_000 });

    process.stderr.write(`${without} and ${leasing} scripts for ${calls} calls\n`);
    expect(without).toBeGreaterThanOrEqual(2 * calls);
    expect(leasing).toBeLessThan(1.2 * calls);
  });
});
