import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedisCluster, until } from '@holdfast/test-support';
import { Cluster, type Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';

const limits = {
  user: { limit: 100, windowMs: 60_000, by: 'user' },
  ip: { limit: 100, windowMs: 60_000, by: 'ip' },
  all: { limit: 5, windowMs: 60_000, by: 'global' },
} as const;

describeWithRedisCluster('RedisStore in a cluster', (nodes) => {
  let cluster: Cluster;
  beforeAll(() => {
    cluster = new Cluster([...nodes.addresses]);
  });
  afterAll(() => cluster.disconnect());

  const limiterOf = (name: string): RateLimiter<typeof limits> =>
    new RateLimiter({ name, limits, store: new RedisStore(cluster, { timeoutMs: 10_000 }) });

  it('decides over subjects in different slots', async () => {
    const limiter = limiterOf('slots');

    for (let i = 0; i < 5; i += 1)
      expect(await limiter.check({ user: `user ${i}`, ip: `192.0.2.${i}` })).toMatchObject({
        allowed: true,
        source: 'redis',
        limits: { user: { remaining: 99 }, all: { remaining: 4 - i } },
      });
  });

  it('refunds the others where one refuses', async () => {
    const limiter = limiterOf('refunds');
    await limiter.check({ user: 'alice', ip: '192.0.2.1' }, { cost: 5 });

    for (let i = 0; i < 20; i += 1)
      expect(await limiter.check({ user: 'bob', ip: '192.0.2.2' }, { cost: 3 })).toMatchObject({
        allowed: false,
        violated: ['all'],
        limits: { user: { remaining: 100, retryAfterMs: 0 }, ip: { remaining: 100 }, all: { remaining: 0 } },
      });

    expect((await limiter.check({ user: 'bob', ip: '192.0.2.2' }, { cost: 0 })).limits).toMatchObject({
      user: { remaining: 100 },
      ip: { remaining: 100 },
    });
    expect((await limiter.check({ user: 'alice' }, { cost: 0 })).limits.user?.remaining).toBe(95);
    expect(limiter.statistics().storeErrors).toBe(0);
  });

  it('never passes the limit that all share, however many call at once', async () => {
    const limiter = limiterOf('parallel');

    const decisions = await Promise.all(
      Array.from({ length: 300 }, (_, i) => limiter.check({ user: `user ${i % 7}` })),
    );

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5);
    let charged = 0;
    for (let i = 0; i < 7; i += 1)
      charged +=
        100 - ((await limiter.check({ user: `user ${i}` }, { cost: 0 })).limits.user?.remaining ?? 0);
    expect(charged).toBe(5);
  });

  it('counts an attempt of a call that another scope refuses, and refunds the rest', async () => {
    const limiter = new RateLimiter({
      name: 'attempts',
      limits: {
        user: { limit: 100, windowMs: 60_000, by: 'user' },
        burst: { limit: 50, windowMs: 60_000, by: 'user', counts: 'attempts' },
        all: { limit: 5, windowMs: 60_000, by: 'global' },
      },
      store: new RedisStore(cluster, { timeoutMs: 10_000 }),
    });
    await limiter.check({ user: 'alice' }, { cost: 5 });

    const refused = await limiter.check({ user: 'bob' });

    expect(refused).toMatchObject({ allowed: false, violated: ['all'] });
    expect((await limiter.check({ user: 'bob' }, { cost: 0 })).limits).toMatchObject({
      user: { remaining: 100 },
      burst: { remaining: 49 },
    });
  });

  it('gives a call back in every slot, and blocks and forgets subjects', async () => {
    const limiter = limiterOf('corrections');
    const everywhere = { user: 'alice', ip: '192.0.2.1' };
    const decision = await limiter.check(everywhere, { cost: 4 });

    await decision.refund(3);

    expect((await limiter.check(everywhere, { cost: 0 })).limits).toMatchObject({
      user: { remaining: 99 },
      ip: { remaining: 99 },
      all: { remaining: 4 },
    });
    await limiter.block({ user: 'alice' }, 60_000);
    expect(await limiter.check(everywhere)).toMatchObject({ allowed: false, blocked: true });
    await limiter.reset({ user: 'alice' });
    expect(await limiter.check(everywhere)).toMatchObject({
      allowed: true,
      limits: { user: { remaining: 99 } },
    });
  });

  it('16.3 cluster node frozen: decides locally, and in the cluster afterwards', async () => {
    const limiter = new RateLimiter({
      name: 'frozen',
      limits,
      store: new RedisStore(cluster, { timeoutMs: 200, probeIntervalMs: 50 }),
    });
    const told: string[] = [];
    limiter.events.subscribe(({ type }) => told.push(type));
    const everywhere = { user: 'alice', ip: '192.0.2.1' };
    const sourceIs = async (source: string): Promise<boolean> =>
      (await limiter.check(everywhere, { cost: 0 })).source === source;
    await until('it decides on the cluster', () => sourceIs('redis'));
    told.length = 0;

    for (const node of nodes.nodes) await node.pause();
    expect((await limiter.check(everywhere)).source).toBe('local');
    for (const node of nodes.nodes) await node.resume();
    await until('it decides on the cluster again', () => sourceIs('redis'));

    expect(told).toEqual(['store-lost', 'store-recovered']);
  });

  /** Where the key of alice is: its slot, and the node that has it as well as another one. */
  async function placeOf(name: string): Promise<{ key: string; slot: number; home: Redis; other: Redis }> {
    const masters = cluster.nodes('master');
    for (const home of masters) {
      const [key] = await home.keys(`*{${name}:user:*`);
      const other = masters.find((node) => node !== home);
      if (key === undefined || other === undefined) continue;
      return { key, slot: await home.cluster('KEYSLOT', key), home, other };
    }
    throw new Error('nobody has it');
  }
  const idOf = async (node: Redis): Promise<string> => String(await node.call('CLUSTER', 'MYID'));
  async function assign(slot: number, owner: Redis, among: readonly Redis[]): Promise<void> {
    for (const node of among) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(owner));
  }

  it('16.3 MOVED and ASK: charges once while a slot moves to another node', async () => {
    const name = 'moving';
    const limiter = new RateLimiter({ name, limits, store: new RedisStore(cluster, { timeoutMs: 10_000 }) });
    const left = async (): Promise<unknown> => {
      const { source, limits: told } = await limiter.check({ user: 'alice' });
      return [source, told.user?.remaining];
    };
    expect(await left()).toEqual(['redis', 99]);
    const { key, slot, home, other } = await placeOf(name);

    await other.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(home));
    await home.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(other));
    expect(await left()).toEqual(['redis', 98]);
    const { host = '', port = 0 } = other.options;
    await home.call('MIGRATE', host, port, key, 0, 5_000);
    expect(await left()).toEqual(['redis', 97]);
    await assign(slot, other, cluster.nodes('master'));
    expect(await left()).toEqual(['redis', 96]);

    await other.del(key);
    await assign(slot, home, cluster.nodes('master'));
  });

  it('16.3 MOVED storm: decides locally when nodes send a call to and fro, and in the cluster afterwards', async () => {
    const name = 'storm';
    const store = new RedisStore(cluster, { timeoutMs: 200, probeIntervalMs: 50 });
    const limiter = new RateLimiter({ name, limits, store });
    const sourceIs = async (source: string): Promise<boolean> =>
      (await limiter.check({ user: 'alice' }, { cost: 0 })).source === source;
    await limiter.check({ user: 'alice' });
    const { key, slot, home, other } = await placeOf(name);
    await home.del(key);

    await assign(slot, other, [home]);
    await assign(slot, home, [other]);
    expect(await limiter.check({ user: 'alice' })).toMatchObject({ allowed: true, source: 'local' });
    await assign(slot, home, cluster.nodes('master'));

    await until('it decides on the cluster again', () => sourceIs('redis'));
  });
});
