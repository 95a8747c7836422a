import { randomUUID } from 'node:crypto';

import { RedisBulkhead, type RedisBulkheadEvent, type RedisBulkheadOptions } from '@holdfast/bulkhead/redis';
import { describeWithRedis, startChild, until } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';

const holder = new URL('../children/redis-holder.ts', import.meta.url);

describeWithRedis(
  'RedisBulkhead',
  (redis) => {
    let name: string;
    let client: Redis;
    let made: { readonly bulkhead: RedisBulkhead; readonly client: Redis }[];

    const leases = (): Promise<number> => client.zcard(`holdfast:bulkhead:{${name}}:leases`);

    /** A bulkhead as another process would have it, with a connection of its own. */
    function member(options: Partial<RedisBulkheadOptions> = {}): RedisBulkhead {
      const own = new Redis(redis.url, { retryStrategy: () => 50 });
      own.on('error', () => undefined);
      // Long enough for a loaded machine; what takes a shorter one says so.
      const bulkhead = new RedisBulkhead(own, {
        name,
        limit: 3,
        timeoutMs: 5_000,
        pollMs: 5,
        // What is given back is so because it was said, not because time has passed.
        leaseMs: 600_000,
        probeIntervalMs: 20,
        ...options,
      });
      made.push({ bulkhead, client: own });
      return bulkhead;
    }

    function eventsOf(bulkhead: RedisBulkhead): RedisBulkheadEvent['type'][] {
      const events: RedisBulkheadEvent['type'][] = [];
      bulkhead.events.subscribe(({ type }) => events.push(type));
      return events;
    }

    beforeEach(async () => {
      await redis.start();
      name = randomUUID();
      client = new Redis(redis.url, { retryStrategy: () => 50 });
      client.on('error', () => undefined);
      made = [];
    });
    afterEach(async () => {
      await redis.resume();
      await redis.start();
      for (const each of made) each.client.disconnect();
      client.disconnect();
    });

    it('runs no more than the limit in all processes together, and all in the end', async () => {
      const members = [member({ maxQueued: 100 }), member({ maxQueued: 100 }), member({ maxQueued: 100 })];
      let running = 0;
      let most = 0;
      const operation = async (): Promise<void> => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      };

      const calls = members.flatMap((each) => Array.from({ length: 30 }, () => each.execute(operation)));
      await Promise.all(calls);

      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(3);
      await until('every lease is given back', async () => (await leases()) === 0);
    });

    it('refuses at once who finds all slots taken elsewhere, and admits as soon as one is free', async () => {
      const [one, other] = [member(), member()];
      const permits = await Promise.all([one.acquire(), one.acquire(), one.acquire()]);

      await expect(other.execute(() => 'ran')).rejects.toMatchObject({
        code: 'ERR_BULKHEAD_FULL',
        reason: 'full',
        policy: name,
      });
      expect(await leases()).toBe(3);

      permits[0].release();
      await until('a slot is free', async () => (await leases()) === 2);
      expect(await other.execute(() => 'ran')).toBe('ran');
      for (const permit of permits) permit.release();
    });

    it('lets no process keep what others wait for', async () => {
      const [greedy, modest] = [member({ maxQueued: 10_000 }), member({ maxQueued: 10 })];
      const fate = { over: false };
      // Also if the test fails.
      onTestFinished(() => void (fate.over = true));
      const work = async (): Promise<void> => {
        while (!fate.over)
          await greedy.execute(() => new Promise((resolve) => setImmediate(resolve))).catch(() => undefined);
      };
      const workers = Array.from({ length: 20 }, work);
      await until('all slots are taken', async () => (await leases()) === 3);

      const served = await Promise.all(Array.from({ length: 10 }, () => modest.execute(() => 'served')));

      fate.over = true;
      await Promise.all(workers);
      expect(served).toHaveLength(10);
    });

    it('frees the slots of a process that was killed when their leases end', async () => {
      await using child = startChild(holder, [redis.url, name, '3', '3', '1000']);
      await child.said('has 3');
      const waiter = member({ maxQueued: 1 });

      await child.kill();

      expect(await leases()).toBe(3);
      expect(await waiter.execute(() => 'served')).toBe('served');
    });

    it('keeps the slots of a process that lives for much longer than a lease', async () => {
      await using child = startChild(holder, [redis.url, name, '3', '3', '1500']);
      await child.said('has 3');
      const key = `holdfast:bulkhead:{${name}}:leases`;
      const endOf = async (): Promise<number> => {
        const [, end] = await client.zrange(key, '0', '0', 'WITHSCORES');
        return Number(end);
      };
      const first = await endOf();

      await until('the leases were renewed often', async () => (await endOf()) > first + 2_000);
      expect(await leases()).toBe(3);
      await expect(member().execute(() => 'ran')).rejects.toMatchObject({ reason: 'full' });

      child.send('release');
      await child.ended();
      expect(await leases()).toBe(0);
    });

    it('counts the operations that go on after Redis came back empty, and gives nobody their slots', async () => {
      const [one, other] = [member({ leaseMs: 300 }), member({ leaseMs: 300 })];
      const events = eventsOf(one);
      const permits = await Promise.all([one.acquire(), one.acquire(), one.acquire()]);

      await redis.kill();
      await redis.start();
      await until('they count again', async () => (await leases()) === 3);

      await expect(other.execute(() => 'ran')).rejects.toMatchObject({ reason: 'full' });
      expect(events.some((type) => type === 'lease-lost' || type === 'went-local')).toBe(true);
      for (const permit of permits) permit.release();
      await until('every lease is given back', async () => (await leases()) === 0);
    });

    const outages: readonly [string, () => Promise<void>, () => Promise<void>][] = [
      ['killed', () => redis.kill(), () => redis.start()],
      ['paused', () => redis.pause(), () => redis.resume()],
    ];
    it.each(outages)(
      'decides by its share of the limit while Redis is %s, and shares again',
      async (_how, fail, heal) => {
        const bulkhead = member({ limit: 4, localShareRatio: 0.5, timeoutMs: 100, leaseMs: 1_000 });
        await until('Redis answers', async () => {
          await bulkhead.execute(() => 'ran');
          return bulkhead.limit === 4;
        });
        const events = eventsOf(bulkhead);

        await fail();
        const permits = await Promise.all([bulkhead.acquire(), bulkhead.acquire()]);
        expect(bulkhead.limit).toBe(2);
        await expect(bulkhead.acquire()).rejects.toMatchObject({ reason: 'full' });
        expect(bulkhead.tryAcquire()).toBeUndefined();

        await heal();
        await until('it shares again', () => bulkhead.limit === 4);
        await until('its operations count', async () => (await leases()) === 2);
        for (const permit of permits) permit.release();
        await until('every lease is given back', async () => (await leases()) === 0);
        expect(events.filter((type) => type.startsWith('went-')).slice(0, 2)).toEqual([
          'went-local',
          'went-shared',
        ]);
      },
    );

    it('finds Redis up again though nobody waits for it', async () => {
      const bulkhead = member({ timeoutMs: 100 });
      await redis.kill();
      await bulkhead.execute(() => 'ran');
      expect(bulkhead.statistics()).toMatchObject({ limit: 3, running: 0, queued: 0 });
      const events = eventsOf(bulkhead);

      await redis.start();
      await until('it shares again', async () => {
        await bulkhead.execute(() => 'ran');
        return events.includes('went-shared');
      });

      const permit = await bulkhead.acquire();
      expect(await leases()).toBe(1);
      permit.release();
    });

    it.each([
      ['fractions', { leaseMs: 100_000 / 3, pollMs: 0.1 + 7, timeoutMs: 5_000.5 }],
      ['more than any clock counts', { leaseMs: 1e300, pollMs: 1e300, timeoutMs: 1e300 }],
    ])('takes durations that are %s', async (_what, durations) => {
      const [one, other] = [member({ limit: 1, ...durations }), member({ limit: 1, ...durations })];
      const events = eventsOf(one);

      const permit = await one.acquire();
      await expect(other.acquire()).rejects.toMatchObject({ reason: 'full' });
      permit.release();
      await until('the lease is given back', async () => (await leases()) === 0);

      expect(events).toEqual(['queued']);
    });

    it('gives back what was granted to a caller who left meanwhile', async () => {
      const bulkhead = member();
      const controller = new AbortController();
      const call = bulkhead.acquire({ signal: controller.signal });

      controller.abort('gone');

      await expect(call).rejects.toBe('gone');
      await until('nothing is taken', async () => (await leases()) === 0 && bulkhead.running === 0);
    });

    it('opens a client from a URL, closes it when disposed, and gives all back', async () => {
      const bulkhead = new RedisBulkhead(redis.url, { name, limit: 1, timeoutMs: 5_000 });
      const permit = await bulkhead.acquire();
      expect(await leases()).toBe(1);

      const disposed = bulkhead[Symbol.asyncDispose]();
      await expect(bulkhead.execute(() => 'ran')).rejects.toMatchObject({ reason: 'closed' });
      permit.release();
      await disposed;

      expect(await leases()).toBe(0);
    });
  },
  { controllable: true },
);
