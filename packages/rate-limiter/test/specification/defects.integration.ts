import { systemClock } from '@holdfast/core';
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ruleOf } from '../redis/support/rules.ts';
import { itAvoidsTheDefects } from './defects.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };
const patient = { timeoutMs: 10_000 };

/** As the value in Redis holds an instant. */
function bytesOf(instant: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(instant);
  return bytes;
}

/** What other limiters were seen to do; the study of them numbers it. */
describeWithRedis(
  'RedisStore, where others fail,',
  (redis) => {
    let client: Redis;
    beforeEach(async () => {
      await redis.start();
      client = new Redis(redis.url);
      client.on('error', () => undefined);
      await client.flushall();
    });
    afterEach(() => client.disconnect());

    async function callsOf(command: string): Promise<number> {
      const stats = await client.info('commandstats');
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    }

    // Asked each time, as a cache of refusals would hide what the server does, and with such a cache.
    describe.each([0, 100])('remembering %i refusals', (maxDeniedSubjects) => {
      itAvoidsTheDefects(() => new RedisStore(client, { ...patient, time: 'client', maxDeniedSubjects }));
    });

    it('D6: decides in time when the server dies under a client of default options', async () => {
      const limiter = new RateLimiter({
        limits: { user: { limit: 9, windowMs: 60_000 } },
        store: new RedisStore(client),
      });
      await until('it decides on the server', async () => (await limiter.check('alice')).source === 'redis');
      await redis.kill();

      const startedAt = systemClock.now();
      await until('it decides locally', async () => (await limiter.check('alice')).source === 'local');

      expect(systemClock.now() - startedAt).toBeLessThan(2_000);
    });

    it.each(['strict', 'smooth'] as const)('D7: lets every key of a %s limit expire', async (mode) => {
      const limits = { user: { limit: 10, windowMs: 60_000, mode } };
      const limiter = new RateLimiter({ limits, store: new RedisStore(client, patient) });
      const decision = await limiter.check('alice', { cost: 5 });
      const ttls: number[] = [];
      const look = async (): Promise<void> => {
        const [key = ''] = await client.keys('*');
        ttls.push(await client.pttl(key));
      };

      await look();
      await decision.refund(1);
      await look();
      await limiter.penalize('alice', 3);
      await look();
      await limiter.block('alice', 30_000);
      await look();
      await limiter.check('alice', { cost: 0 });
      await look();

      for (const ttl of ttls) {
        expect(ttl).toBeGreaterThan(0);
        expect(ttl).toBeLessThanOrEqual(60_000);
      }
    });

    it('D10: tells a limit and what is left of it, and holds it, when the server never answers', async () => {
      const limiter = new RateLimiter({
        limits: { user: { limit: 3, windowMs: 60_000 } },
        store: new RedisStore(client, { timeoutMs: 100 }),
      });
      await until('it decides on the server', async () => (await limiter.check('bob')).source === 'redis');
      await redis.pause();

      const seen: unknown[] = [];
      for (let call = 0; call < 4; call += 1) {
        const { allowed, source, limits } = await limiter.check('alice');
        seen.push([allowed, source, limits.user?.limit, limits.user?.remaining]);
      }
      await redis.resume();

      expect(seen).toEqual([
        [true, 'local', 3, 2],
        [true, 'local', 3, 1],
        [true, 'local', 3, 0],
        [false, 'local', 3, 0],
      ]);
    });

    it('D12: recovers from a server that was down when the store was made', async () => {
      await redis.stop();
      await using store = new RedisStore(redis.url, { probeIntervalMs: 20 });
      const limiter = new RateLimiter({ limits: { user: { limit: 9, windowMs: 60_000 } }, store });
      expect((await limiter.check('alice')).source).toBe('local');

      await redis.start();

      await until('it decides on the server', async () => (await limiter.check('alice')).source === 'redis');
    });

    it('D16: keeps instants to the microsecond', async () => {
      const ledger = new RedisStore(client, patient).open({
        name: 'api',
        rules: [ruleOf()],
        clock: systemClock,
        observer,
      });

      const serverTime = async (): Promise<number> => {
        const [seconds, microseconds] = (await client.call('TIME')) as [string, string];
        return Number(seconds) * 1e6 + Number(microseconds);
      };

      const instants: number[] = [];
      for (let call = 0; call < 10; call += 1) {
        const before = await serverTime();
        const { chargedAt } = await ledger.decide([{ scope: 'user', rules: [ruleOf()] }], ['alice'], 1, 1);
        const after = await serverTime();

        instants.push(chargedAt ?? 0);
        expect(Number.isSafeInteger(chargedAt)).toBe(true);
        expect(chargedAt).toBeGreaterThanOrEqual(before);
        expect(chargedAt).toBeLessThanOrEqual(after);
        const [key = ''] = await client.keys('*');
        const value = (await client.getBuffer(key)) ?? Buffer.alloc(0);
        // The latest charge of the only slot, behind which are its expiry, its open cell, and the cells that are closed.
        expect(value.indexOf(bytesOf(chargedAt ?? 0))).toBeGreaterThan(0);
      }
      // As a text of 14 digits each would be a multiple of 100.
      expect(instants.some((instant) => instant % 100 !== 0)).toBe(true);
    });

    it('D17: reads the clock once per run, however many calls go together', async () => {
      const limits = {
        user: { limit: 99, windowMs: 60_000, by: 'user' },
        all: { limit: 99, windowMs: 60_000, by: 'global' },
      } as const;
      const limiter = new RateLimiter({ limits, store: new RedisStore(client, patient) });
      await limiter.check({ user: 'alice' });
      await client.config('RESETSTAT');

      await Promise.all(Array.from({ length: 20 }, (_, i) => limiter.check({ user: `user ${i}` })));

      expect(await callsOf('evalsha')).toBe(1);
      expect(await callsOf('time')).toBe(1);
    });
  },
  { controllable: true },
);
