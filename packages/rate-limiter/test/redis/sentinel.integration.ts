import { systemClock } from '@holdfast/core';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedisSentinel, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';

/** What a loaded machine may add to a bound that the clock of the test measures. */
const slackMs = 1_000;

describeWithRedisSentinel('RedisStore behind Sentinel', (group) => {
  it('16.1 failover: decides on, and by the new master, which has never seen the script', async () => {
    const client = new Redis({
      sentinels: group.addresses,
      name: group.name,
      sentinelRetryStrategy: () => 50,
    });
    client.on('error', () => undefined);
    const store = new RedisStore(client, { timeoutMs: 50, probeIntervalMs: 50 });
    const limiter = new RateLimiter({ limits: { user: { limit: 4_000_000_000, windowMs: 60_000 } }, store });
    const events: RateLimiterEvent['type'][] = [];
    const decidedIn = async (source: string): Promise<boolean> =>
      (await limiter.check('alice')).source === source;
    await until('it decides on the master', () => decidedIn('redis'));
    limiter.events.subscribe(({ type }) => events.push(type));
    let longestMs = 0;
    const oneMore = async (source: string): Promise<boolean> => {
      const startedAt = systemClock.now();
      const found = await decidedIn(source);
      longestMs = Math.max(longestMs, systemClock.now() - startedAt);
      return found;
    };

    await group.master.kill();
    await until('it decides locally', () => oneMore('local'));
    await until('it decides on the new master', () => oneMore('redis'));

    expect(longestMs).toBeLessThan(50 + slackMs);
    expect(events[0]).toBe('store-lost');
    expect(events.at(-1)).toBe('store-recovered');
    expect(limiter.statistics().decisions.rejected).toBe(0);
    client.disconnect();
  }, 60_000);
});
