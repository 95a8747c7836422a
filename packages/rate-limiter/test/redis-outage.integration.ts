import { systemClock } from '@holdfast/core';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, startProxy, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

const timeoutMs = 50;
/** What a loaded machine may add to a bound that the clock of the test measures. */
const slackMs = 1_000;

describeWithRedis(
  'RedisStore in an outage',
  (redis) => {
    let client: Redis;
    let limiter: RateLimiter<{ user: { limit: number; windowMs: number } }>;
    let events: RateLimiterEvent['type'][];

    function connect(url: string): void {
      client = new Redis(url, { retryStrategy: () => 50 });
      client.on('error', () => undefined);
      const store = new RedisStore(client, { timeoutMs, probeIntervalMs: 100 });
      limiter = new RateLimiter({ limits: { user: { limit: 1_000_000, windowMs: 60_000 } }, store });
      events = [];
      limiter.events.subscribe(({ type }) => events.push(type));
    }

    const decidedIn = (source: string): Promise<void> =>
      until(`decisions are made in ${source}`, async () => (await limiter.check('alice')).source === source);

    /** Checks on and on while the fault lasts; returns the longest decision. Every check resolves. */
    async function checkDuring(fault: () => Promise<unknown>): Promise<number> {
      const fate = { over: false };
      let longestMs = 0;
      const worker = async (): Promise<void> => {
        while (!fate.over) {
          const startedAt = systemClock.now();
          await limiter.check('alice');
          longestMs = Math.max(longestMs, systemClock.now() - startedAt);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const workers = Array.from({ length: 8 }, worker);
      try {
        await fault();
      } finally {
        fate.over = true;
      }
      await Promise.all(workers);
      return longestMs;
    }

    beforeEach(async () => {
      connect(redis.url);
      await decidedIn('redis');
      events.length = 0;
    });
    afterEach(() => client.disconnect());

    const faults: readonly [string, () => Promise<void>, () => Promise<void>][] = [
      ['is killed and restarted', () => redis.kill(), () => redis.start()],
      ['is stopped and restarted', () => redis.stop(), () => redis.start()],
      ['is frozen and goes on', () => redis.pause(), () => redis.resume()],
    ];

    it.each(faults)('decides in bounded time when the server %s', async (_, breakIt, mendIt) => {
      const longestMs = await checkDuring(async () => {
        await breakIt();
        await decidedIn('local');
        await mendIt();
        await decidedIn('redis');
      });

      expect(longestMs).toBeLessThan(timeoutMs + slackMs);
      expect(events[0]).toBe('store-lost');
      expect(events.at(-1)).toBe('store-recovered');
      const { allowed, rejected, local } = limiter.statistics().decisions;
      expect(rejected).toBe(0);
      expect(local).toBeGreaterThan(0);
      expect(allowed).toBeGreaterThan(local);
    });

    it('decides in bounded time when the network swallows everything', async () => {
      await using proxy = await startProxy(redis.port);
      client.disconnect();
      connect(proxy.url(redis.url));
      await decidedIn('redis');

      const longestMs = await checkDuring(async () => {
        proxy.blackhole();
        await decidedIn('local');
        await proxy.heal();
        await decidedIn('redis');
      });

      expect(longestMs).toBeLessThan(timeoutMs + slackMs);
    });

    it('starts without a server, and uses it as soon as it is there', async () => {
      await redis.stop();
      client.disconnect();
      connect(redis.url);

      expect((await limiter.check('alice')).source).toBe('local');
      await redis.start();
      await decidedIn('redis');
    });

    it('spends no time on a dead server after the first decision', async () => {
      await redis.stop();
      await decidedIn('local');
      const startedAt = systemClock.now();
      for (let i = 0; i < 1_000; i += 1) await limiter.check('alice');
      const spentMs = systemClock.now() - startedAt;
      await redis.start();

      expect(spentMs).toBeLessThan(slackMs);
      expect(events.filter((type) => type === 'store-lost')).toHaveLength(1);
    });

    const refusals: readonly [string, string[], string[]][] = [
      ['READONLY', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
      ['OOM', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
      ['NOPERM', ['ACL', 'SETUSER', 'default', '-evalsha', '-eval'], ['ACL', 'SETUSER', 'default', '+@all']],
    ];

    it.each(refusals)('decides locally while the server answers %s', async (_, breakIt, mendIt) => {
      const control = new Redis(redis.url);
      await control.call(...(breakIt as [string, ...string[]]));
      await decidedIn('local');
      await control.call(...(mendIt as [string, ...string[]]));
      await decidedIn('redis');
      control.disconnect();

      expect(events).toEqual(['store-lost', 'store-recovered']);
    });
  },
  { controllable: true },
);
