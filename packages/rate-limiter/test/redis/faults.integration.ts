import { type Decision, RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis, startProxy, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

const timeoutMs = 50;
/** What a decision may take over its budget, by a timer that begins with it: load delays both alike. */
const slackMs = 5;

describeWithRedis(
  'RedisStore in an outage',
  (redis) => {
    let client: Redis;
    let limiter: RateLimiter<{ user: { limit: number; windowMs: number } }>;
    let events: RateLimiterEvent['type'][];
    let late: number;

    function connect(url: string): void {
      client = new Redis(url, { retryStrategy: () => 50 });
      client.on('error', () => undefined);
      const store = new RedisStore(client, { timeoutMs, probeIntervalMs: 100 });
      // More than is admitted locally meanwhile, as that is owed to the server afterwards.
      limiter = new RateLimiter({ limits: { user: { limit: 4_000_000_000, windowMs: 60_000 } }, store });
      events = [];
      limiter.events.subscribe(({ type }) => events.push(type));
    }

    /** Asks the limiter, and notes if that took too long. */
    async function check(): Promise<Decision> {
      let decided = false;
      const decision = limiter.check('alice').finally(() => (decided = true));
      // It is sent by the end of this turn, from when the budget counts.
      await Promise.resolve();
      // A process that was busy reads for one more turn of the event loop; of timers that are due in one any may be first.
      const note = (): NodeJS.Immediate => setImmediate(() => (late += decided ? 0 : 1));
      const tooLong = setTimeout(() => setTimeout(note, 0), timeoutMs + slackMs);
      await decision;
      clearTimeout(tooLong);
      return decision;
    }
    const decidedIn = (source: string): Promise<void> =>
      until(`decisions are made in ${source}`, async () => (await check()).source === source);

    /** Checks on and on while the fault lasts. */
    async function checkDuring(fault: () => Promise<unknown>): Promise<void> {
      const fate = { over: false };
      const worker = async (): Promise<void> => {
        while (!fate.over) {
          await check();
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
    }

    beforeEach(async () => {
      late = 0;
      connect(redis.url);
      await decidedIn('redis');
      events.length = 0;
    });
    afterEach(() => {
      client.disconnect();
      if (late > 0) throw new Error(`${late} decisions took longer than ${timeoutMs + slackMs} ms`);
    });

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

    /** Half a millisecond for each of its keys. */
    async function loadAgain(): Promise<void> {
      await tell('CONFIG', 'SET', 'key-load-delay', '500');
      await tell('CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
      await tell('DEBUG', 'POPULATE', '2000', 'key', '200');
      await send('DEBUG', 'RELOAD');
    }
    const nothing = async (): Promise<void> => undefined;

    const faults: readonly [string, () => Promise<void>, () => Promise<void>][] = [
      ['16.3 server killed', () => redis.kill(), () => redis.start()],
      ['16.3 server stopped', () => redis.stop(), () => redis.start()],
      ['16.3 server frozen', () => redis.pause(), () => redis.resume()],
      ['16.3 CLIENT PAUSE', () => tell('CLIENT', 'PAUSE', '500', 'ALL'), nothing],
      ['16.3 DEBUG SLEEP', () => send('DEBUG', 'SLEEP', '0.5'), nothing],
      ['16.3 BUSY', beBusy, () => tell('SCRIPT', 'KILL')],
      ['16.3 LOADING', loadAgain, nothing],
    ];

    it.each(faults)('%s: decides in bounded time, and in Redis afterwards', async (_, breakIt, mendIt) => {
      await checkDuring(async () => {
        await breakIt();
        await decidedIn('local');
        await mendIt();
        await decidedIn('redis');
      });

      expect(events[0]).toBe('store-lost');
      // A busy machine may lose it once more.
      await until('it has recovered', async () => {
        await check();
        return events.at(-1) === 'store-recovered';
      });
      const { allowed, rejected, local } = limiter.statistics().decisions;
      expect(rejected).toBe(0);
      expect(local).toBeGreaterThan(0);
      expect(allowed).toBeGreaterThan(local);
    });

    it('16.3 black-holed socket: decides in bounded time, and in Redis afterwards', async () => {
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

    it('16.3 start without a server: decides at once, and in Redis as soon as it is there', async () => {
      await redis.stop();
      client.disconnect();
      connect(redis.url);

      expect((await check()).source).toBe('local');
      await redis.start();
      await decidedIn('redis');
    });

    it('16.3 connection not ready: spends no turn of the event loop on it', async () => {
      await redis.stop();
      await decidedIn('local');
      await until('the client knows', () => client.status !== 'ready');
      let turns = 0;
      const turn = setImmediate(() => (turns += 1));
      for (let i = 0; i < 1_000; i += 1) await limiter.check('alice');
      clearImmediate(turn);
      await redis.start();

      expect(turns).toBe(0);
      expect(events.filter((type) => type === 'store-lost')).toHaveLength(1);
    });

    type Command = [string, ...string[]];
    const refusals: readonly [string, string, Command, Command][] = [
      [
        '16.3 READONLY',
        'is a replica and takes no writes',
        ['REPLICAOF', '127.0.0.1', '1'],
        ['REPLICAOF', 'NO', 'ONE'],
      ],
      [
        '16.3 OOM',
        'is out of memory',
        ['CONFIG', 'SET', 'maxmemory', '1'],
        ['CONFIG', 'SET', 'maxmemory', '0'],
      ],
      [
        '16.3 NOREPLICAS',
        'has too few replicas and so refuses writes',
        ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
        ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      ],
      [
        '16.3 NOPERM',
        'does not permit the script',
        ['ACL', 'SETUSER', 'default', '-evalsha', '-eval'],
        ['ACL', 'SETUSER', 'default', '+@all'],
      ],
    ];

    it.each(refusals)(
      '%s: decides locally while the server %s, and says so',
      async (_, meaning, breakIt, mendIt) => {
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
      ['16.3 onStoreError open', 'open', true, false],
      ['16.3 onStoreError closed', 'closed', false, true],
    ] as const)(
      '%s: admits everything, or nothing, while the server is down',
      async (_, onStoreError, allowed, storeFailed) => {
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
          expect(decision).toMatchObject({ allowed, source: 'local', storeFailed });
          expect(decision.retryAfterMs).toBe(allowed ? 0 : 1_000);
        }
      },
    );
  },
  { controllable: true, settings: { 'enable-debug-command': 'yes', 'busy-reply-threshold': '10' } },
);
