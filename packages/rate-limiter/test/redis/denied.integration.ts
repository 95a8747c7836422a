import { randomUUID } from 'node:crypto';
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore, type RedisStoreOptions } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

describeWithRedis(
  'RedisStore with a subject that is refused',
  (redis) => {
    let client: Redis;
    let run = 0;
    beforeAll(() => {
      client = new Redis(redis.url);
    });
    afterAll(() => client.disconnect());
    beforeEach(() => {
      run += 1;
    });

    const limits = {
      user: { limit: 2, windowMs: 60_000, by: 'user' },
      all: { limit: 100, windowMs: 60_000, by: 'global' },
    } as const;
    const limiterOf = (options: RedisStoreOptions = {}): RateLimiter<typeof limits> =>
      new RateLimiter({
        name: `run ${run}`,
        limits,
        store: new RedisStore(client, { timeoutMs: 10_000, ...options }),
      });
    const alice = { user: 'alice' };
    async function scriptsRun(): Promise<number> {
      const stats = await client.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    }
    async function useUp(limiter: RateLimiter<typeof limits>): Promise<void> {
      await limiter.check(alice, { cost: 2 });
      expect(await limiter.check(alice)).toMatchObject({ allowed: false, source: 'redis' });
    }

    it('answers without a call to the server, at once and like the server', async () => {
      const limiter = limiterOf();
      await useUp(limiter);
      const before = await scriptsRun();

      const decision = limiter.checkSync(alice);

      expect(decision).toMatchObject({
        allowed: false,
        source: 'cache',
        violated: ['user'],
        binding: 'user',
        limits: { user: { remaining: 0 }, all: { remaining: 98 } },
      });
      expect(decision.retryAfterMs).toBeGreaterThan(59_000);
      expect(decision.retryAfterMs).toBeLessThanOrEqual(60_000);
      for (let i = 0; i < 1_000; i += 1) await limiter.check(alice);
      expect(await scriptsRun()).toBe(before);
    });

    it('asks for other subjects, for smaller costs and to look', async () => {
      const limiter = limiterOf();
      await useUp(limiter);

      expect((await limiter.check({ user: 'bob' })).source).toBe('redis');
      expect((await limiter.check(alice, { cost: 0 })).source).toBe('redis');
    });

    it('says like the server that no wait helps', async () => {
      const limiter = limiterOf();
      await useUp(limiter);

      const decision = limiter.checkSync(alice, { cost: 3 });
      expect(decision).toMatchObject({ source: 'cache', impossible: true });
    });

    it('asks each time if it is told to remember nobody', async () => {
      const limiter = limiterOf({ maxDeniedSubjects: 0 });
      await useUp(limiter);

      expect((await limiter.check(alice)).source).toBe('redis');
    });

    it.each<[string, (limiter: RateLimiter<typeof limits>) => Promise<void>]>([
      ['was reset', (limiter) => limiter.reset(alice)],
      ['got quota back', (limiter) => limiter.reward(alice, 1)],
    ])('asks again once the subject %s by this process', async (_, give) => {
      const limiter = limiterOf();
      await useUp(limiter);

      await give(limiter);

      expect(await limiter.check(alice)).toMatchObject({ allowed: true, source: 'redis' });
    });

    it('asks again once a call was refunded by this process, even while a refusal was under way', async () => {
      const limiter = limiterOf();
      const admitted = await limiter.check(alice, { cost: 2 });

      const [refused] = await Promise.all([limiter.check(alice), admitted.refund()]);

      expect([refused.allowed, (await limiter.check(alice)).allowed]).toContain(true);
      expect((await limiter.check(alice)).source).toBe('redis');
    });

    it('tells of a block that this process began after it was refused', async () => {
      const limiter = limiterOf();
      await useUp(limiter);
      await limiter.block(alice, 600_000);

      for (const source of ['redis', 'cache']) {
        const refused = await limiter.check(alice);
        expect(refused).toMatchObject({ blocked: true, source });
        expect(refused.retryAfterMs).toBeGreaterThan(500_000);
      }
    });

    it('tells of the block that its own refusal began', async () => {
      const limiter = new RateLimiter({
        name: `run ${run}`,
        limits: { user: { limit: 1, windowMs: 60_000, penalty: { blockMs: 600_000 } } },
        store: new RedisStore(client, { timeoutMs: 10_000 }),
      });
      await limiter.check('alice');
      expect((await limiter.check('alice')).blocked).toBe(true);

      await until('it is known', async () => (await limiter.check('alice')).blocked);
      const refused = limiter.checkSync('alice');
      expect(refused).toMatchObject({ blocked: true, source: 'cache' });
      expect(refused.retryAfterMs).toBeGreaterThan(500_000);
    });

    it('asks again although a question overtook what gave quota back', async () => {
      const limiter = new RateLimiter({
        name: `run ${run}`,
        // Of no other test: the server has to be told what it means to reset it.
        limits: { [randomUUID()]: { limit: 1, windowMs: 60_000 } },
        store: new RedisStore(client, { timeoutMs: 10_000 }),
      });
      await limiter.check('alice');

      await Promise.all([limiter.reset('alice'), limiter.check('alice')]);

      expect((await limiter.check('alice')).source).toBe('redis');
    });

    it('asks again once a block was ended by this process', async () => {
      const limiter = limiterOf();
      await limiter.block(alice, 60_000);
      expect(await limiter.check(alice)).toMatchObject({ blocked: true, source: 'redis' });
      expect(await limiter.check(alice)).toMatchObject({ blocked: true, source: 'cache' });

      await limiter.unblock(alice);

      expect(await limiter.check(alice)).toMatchObject({ allowed: true });
    });

    it('lets it pass when its time has come', async () => {
      const limiter = new RateLimiter({
        name: `run ${run}`,
        limits: { user: { limit: 1, windowMs: 300 } },
        store: new RedisStore(client, { timeoutMs: 10_000 }),
      });
      await limiter.check('alice');
      await limiter.check('alice');
      expect((await limiter.check('alice')).source).toBe('cache');

      await until('it passes', async () => (await limiter.check('alice')).allowed, 2_000);
    });
  },
  { controllable: true },
);
