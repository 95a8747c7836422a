import { systemClock } from '@holdfast/core';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, startProxy, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

const timeoutMs = 50;
/** What a loaded machine may add to a bound that the clock of the test measures: to any decision, and to most. */
const slackMs = 1_000;
const usualSlackMs = 25;

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
      // More than is admitted locally meanwhile, as that is owed to the server afterwards.
      limiter = new RateLimiter({ limits: { user: { limit: 4_000_000_000, windowMs: 60_000 } }, store });
      events = [];
      limiter.events.subscribe(({ type }) => events.push(type));
    }

    const decidedIn = (source: string): Promise<void> =>
      until(`decisions are made in ${source}`, async () => (await limiter.check('alice')).source === source);

    /** Checks on and on while the fault lasts, and expects of every decision that it is made in time. */
    async function checkDuring(fault: () => Promise<unknown>): Promise<void> {
      const fate = { over: false };
      const tookMs: number[] = [];
      const worker = async (): Promise<void> => {
        while (!fate.over) {
          const startedAt = systemClock.now();
          await limiter.check('alice');
          tookMs.push(systemClock.now() - startedAt);
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
      const ordered = tookMs.toSorted((a, b) => a - b);
      expect(ordered.at(-1)).toBeLessThan(timeoutMs + slackMs);
      expect(ordered[Math.floor(0.9 * ordered.length)]).toBeLessThan(timeoutMs + usualSlackMs);
    }

    beforeEach(async () => {
      connect(redis.url);
      await decidedIn('redis');
      events.length = 0;
    });
    afterEach(() => client.disconnect());

    /** By a connection of its own. */
    async function tell(...command: [string, ...string[]]): Promise<void> {
      // A server that is busy would not answer whether it is ready.
      const control = new Redis(redis.url, { enableReadyCheck: false, retryStrategy: () => undefined });
      control.on('error', () => undefined);
      await control.call(...command).finally(() => control.disconnect());
    }
    /** As {@link tell}, without waiting for what it comes to. */
    async function send(...command: [string, ...string[]]): Promise<void> {
      void tell(...command).catch(() => undefined);
    }

    async function beBusy(): Promise<void> {
      await send('EVAL', 'while true do end', '0');
      await until('the server is busy', () =>
        tell('PING').then(
          () => false,
          ({ message }: Error) => message.startsWith('BUSY'),
        ),
      );
    }

    const faults: readonly [string, () => Promise<void>, () => Promise<void>][] = [
      ['is killed and restarted', () => redis.kill(), () => redis.start()],
      ['is stopped and restarted', () => redis.stop(), () => redis.start()],
      ['is frozen and goes on', () => redis.pause(), () => redis.resume()],
      ['pauses its clients', () => tell('CLIENT', 'PAUSE', '500', 'ALL'), async () => undefined],
      ['sleeps', () => send('DEBUG', 'SLEEP', '0.5'), async () => undefined],
      ['is busy with a script', beBusy, () => tell('SCRIPT', 'KILL')],
    ];

    it.each(faults)('decides in bounded time when the server %s', async (_, breakIt, mendIt) => {
      await checkDuring(async () => {
        await breakIt();
        await decidedIn('local');
        await mendIt();
        await decidedIn('redis');
      });

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

      await checkDuring(async () => {
        proxy.blackhole();
        await decidedIn('local');
        await proxy.heal();
        await decidedIn('redis');
      });

      expect(events).toEqual(['store-lost', 'store-recovered']);
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

    type Command = [string, ...string[]];
    const refusals: readonly [string, Command, Command][] = [
      ['is a replica and takes no writes', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
      ['is out of memory', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
      [
        'has too few replicas and so refuses writes',
        ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
        ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      ],
      [
        'does not permit the script',
        ['ACL', 'SETUSER', 'default', '-evalsha', '-eval'],
        ['ACL', 'SETUSER', 'default', '+@all'],
      ],
    ];

    it.each(refusals)(
      'decides locally while the server %s, and says so',
      async (meaning, breakIt, mendIt) => {
        let said: unknown;
        limiter.events.subscribe((event) => {
          if (event.type === 'store-lost') said = event.error;
        });
        await tell(...breakIt);
        await decidedIn('local');
        await tell(...mendIt);
        await decidedIn('redis');

        expect(said).toMatchObject({ message: `the store ${meaning}`, code: 'ERR_RATE_LIMIT_STORE' });
        expect(events).toEqual(['store-lost', 'store-recovered']);
      },
    );

    it.each([
      ['admits everything under an open limit', 'open', true, 'local', false],
      ['admits nothing under a closed limit', 'closed', false, 'local', true],
    ] as const)('%s while the server is down', async (_, onStoreError, allowed, source, storeFailed) => {
      const store = new RedisStore(client, { timeoutMs });
      const strict = new RateLimiter({
        limits: { user: { limit: 1, windowMs: 60_000, onStoreError } },
        store,
      });
      await redis.stop();
      await decidedIn('local');
      const decisions = [
        await strict.check('alice'),
        await strict.check('alice'),
        await strict.check('alice'),
      ];
      await redis.start();

      for (const decision of decisions) {
        expect(decision).toMatchObject({ allowed, source, storeFailed });
        expect(decision.retryAfterMs).toBe(allowed ? 0 : 1_000);
      }
    });
  },
  { controllable: true, settings: { 'enable-debug-command': 'yes', 'busy-reply-threshold': '10' } },
);
