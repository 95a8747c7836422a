import { ManualClock } from '@holdfast/core/testing';
import { describeWithRedis, OwnTime, startProxy } from '@holdfast/test-support';
import type { NodeRedisClient, RedisClient } from '@holdfast/tiered-cache/redis';
import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { readAll } from '../contract/coherent-store-log.ts';
import { envelope } from '../contract/envelopes.ts';
import { gone, leaseMs, life, Opened, readAgain, told, waitingConnections } from './rig.ts';

describeWithRedis(
  'RedisCoherentStore on a server that fails',
  (server) => {
    const opened = new Opened();
    afterEach(async () => {
      await server.resume();
      await server.start();
      await opened.close();
    });

    const clients: [string, () => Promise<RedisClient | NodeRedisClient>][] = [
      ['ioredis', async () => opened.client(server.url)],
      [
        'node-redis',
        async () => {
          const client = createClient({ url: server.url });
          opened.keep({ [Symbol.asyncDispose]: async () => client.destroy() });
          await client.connect();
          return client;
        },
      ],
    ];

    it.each(clients)(
      'reads on without a gap after its log connection was killed and 1,000 keys were invalidated, with %s',
      async (_name, connect) => {
        const { store } = opened.cache(await connect());
        const admin = opened.client(server.url);
        const { mark } = await store.start('end');
        const reading = store.read(mark, 60_000).catch((error: unknown) => error);
        await expect.poll(() => waitingConnections(admin)).toHaveLength(1);
        const [id = ''] = await waitingConnections(admin);
        await admin.client('KILL', 'ID', id);
        expect(await reading).toBeInstanceOf(Error);

        const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
        await Promise.all(keys.map((key) => store.delete([key], gone)));
        const changes = await readAll(store, mark);
        expect(changes.flatMap(({ names }) => names).toSorted()).toEqual(keys.toSorted());

        const again = store.read((await store.start('end')).mark, 60_000);
        await expect.poll(() => waitingConnections(admin)).toHaveLength(1);
        await store.delete(['last'], gone);
        expect((await again).changes).toMatchObject([{ names: ['last'] }]);
      },
    );

    it.each(clients)(
      'rejects a reading in time while the server is frozen, and goes on then, with %s',
      async (_name, connect) => {
        const { store } = opened.cache(await connect(), { logTimeoutMs: 200 });
        const { mark } = await store.start('end');
        await store.read(mark, 10);
        await server.pause();
        using time = new OwnTime();
        await expect(store.read(mark, 100)).rejects.toMatchObject({
          code: 'ERR_CACHE_LOG_TIMEOUT',
          timeoutMs: 300,
        });
        await expect(store.read(mark, 0)).rejects.toMatchObject({
          code: 'ERR_CACHE_LOG_TIMEOUT',
          timeoutMs: 200,
        });
        await expect(store.start('end')).rejects.toMatchObject({ code: 'ERR_CACHE_LOG_TIMEOUT' });
        // The three bounds one after the other, and work of this process.
        expect(time.ms).toBeLessThan(300 + 200 + 200 + 100);
        await server.resume();
        await store.delete(['key'], gone);

        expect((await readAgain(store, mark)).changes).toMatchObject([{ names: ['key'] }]);
      },
    );

    it('gives a connection up that died without a word, and reads on over another', async () => {
      const clock = new ManualClock();
      const proxy = opened.keep(await startProxy(server));
      const { store, prefix } = opened.cache(opened.client(proxy.url(server.url)), {
        clock,
        logTimeoutMs: 1_000,
      });
      const { store: elsewhere } = opened.cache(opened.client(server.url), { prefix });
      const admin = opened.client(server.url);
      const { mark } = await store.start('end');
      const first = store.read(mark, 60_000);
      await expect.poll(() => waitingConnections(admin)).toHaveLength(1);
      await elsewhere.delete(['a'], gone);
      const page = await first;
      expect(clock.pending()).toBe(0);

      proxy.blackhole();
      let settled = false;
      const reading = store.read(page.mark, 500).catch((error: unknown) => error);
      void reading.then(() => (settled = true));
      await elsewhere.delete(['b'], gone);
      await clock.advance(1_499);
      expect(settled).toBe(false);
      await clock.advance(1);
      expect(await reading).toMatchObject({ code: 'ERR_CACHE_LOG_TIMEOUT' });
      expect(clock.pending()).toBe(0);

      await proxy.heal();
      const again = store.read(page.mark, 60_000);
      expect((await again).changes).toMatchObject([{ names: ['b'] }]);
      expect(clock.pending()).toBe(0);
    });

    it('rejects while the connection for the log cannot be opened, and opens it then', async () => {
      const clock = new ManualClock();
      const proxy = opened.keep(await startProxy(server));
      const { store } = opened.cache(opened.client(proxy.url(server.url)), { clock });
      const { mark } = await store.start('end');
      proxy.blackhole();
      const reading = store.read(mark, 500).catch((error: unknown) => error);
      await clock.advance(1_500);
      expect(await reading).toMatchObject({ code: 'ERR_CACHE_LOG_TIMEOUT' });
      await proxy.heal();

      expect(await readAgain(store, mark)).toMatchObject({ gap: false, changes: [] });
    });

    it.each(clients)('rejects at once while nothing listens, with %s', async (_name, connect) => {
      const { store } = opened.cache(await connect(), { logTimeoutMs: 60_000 });
      const { mark } = await store.start('end');
      await server.stop();

      await expect(store.read(mark, 60_000)).rejects.toThrow(/./);
      await server.start();
      expect((await readAgain(store, mark)).gap).toBe(true);
    });

    const impatient: [string, () => Promise<RedisClient | NodeRedisClient>][] = [
      [
        'ioredis',
        async () =>
          opened.client(server.url, { commandTimeout: 300, blockingTimeout: 300, socketTimeout: 300 }),
      ],
      [
        'node-redis',
        async () => {
          const client = createClient({ url: server.url, socket: { socketTimeout: 300 } });
          opened.keep({ [Symbol.asyncDispose]: async () => client.destroy() });
          return client.on('error', () => undefined).connect();
        },
      ],
    ];
    it.each(impatient)(
      'waits longer than a client that was handed in would, with %s',
      async (_name, connect) => {
        const { store } = opened.cache(await connect());
        const { mark } = await store.start('end');

        expect(await store.read(mark, 700)).toMatchObject({ gap: false, changes: [], mark });
      },
    );

    it('waits out a pause of the server without a gap', async () => {
      const { store } = opened.cache(opened.client(server.url));
      const admin = opened.client(server.url);
      const { mark } = await store.start('end');
      await admin.client('PAUSE', 300, 'ALL');
      const page = await store.read(mark, 50);
      const position = await store.delete(['key'], gone);

      expect(page).toMatchObject({ gap: false, changes: [] });
      expect(await store.read(mark, 50)).toMatchObject({ gap: false, changes: [{ position }] });
    });

    it('refuses to store without memory, and still reads, invalidates and tells of it', async () => {
      const { store } = opened.cache(opened.client(server.url));
      const admin = opened.client(server.url);
      await store.set('key', envelope({ version: 1 }), { ...told, ...life });
      await store.set('other', envelope({ freshUntil: 5_000 }), { ...told, ...life });
      await store.acquire('loading', { token: 'one', leaseMs });
      const { mark } = await store.start('end');
      await admin.config('SET', 'maxmemory', '1');
      opened.keep({ [Symbol.asyncDispose]: async () => void (await admin.config('SET', 'maxmemory', '0')) });

      await expect(store.set('key', envelope({ version: 2 }), { ...told, ...life })).rejects.toThrow('OOM');
      await expect(store.acquire('new', { token: 'one', leaseMs })).rejects.toThrow('OOM');
      await expect(store.fill('loading', 'one', envelope(), life)).rejects.toThrow('OOM');
      expect(await store.get('key')).toEqual(envelope({ version: 1 }));
      expect((await store.getMany(['key', 'other'])).size).toBe(2);
      expect(await store.read(mark, 10)).toMatchObject({ changes: [], gap: false });

      const tombstone = { envelope: envelope({ kind: 1, version: 2 }), ttlMs: 60_000 };
      await store.delete(['key'], { ...gone, tombstone });
      await store.expire(['other'], 1_000, told);
      await store.invalidateTags(['tag'], 'delete-tags', told);
      await store.clear(told);
      expect(await store.get('key')).toEqual(tombstone.envelope);
      expect(await store.get('other')).toEqual(envelope({ freshUntil: 1_000 }));
      expect((await store.tags(['tag'])).size).toBe(1);
      expect((await readAll(store, mark)).map(({ change }) => change)).toEqual([
        'delete',
        'expire',
        'delete-tags',
        'clear',
      ]);
    });

    it('rejects what needs a primary while the server is a replica, its log above all', async () => {
      const { store } = opened.cache(opened.client(server.url), { logTimeoutMs: 5_000 });
      const admin = opened.client(server.url);
      await store.set('key', envelope(), { ...told, ...life });
      const { mark } = await store.start('end');
      const reading = store.read(mark, 60_000).catch((error: unknown) => error);
      await expect.poll(() => waitingConnections(admin)).toHaveLength(1);
      await admin.replicaof('127.0.0.1', 1);

      expect(await reading).toBeInstanceOf(Error);
      await expect(store.read(mark, 10)).rejects.toThrow('READONLY');
      await expect(store.read(mark, 0)).rejects.toThrow('READONLY');
      await expect(store.start('end')).rejects.toThrow('READONLY');
      await expect(store.tags(['tag'])).rejects.toThrow('READONLY');
      await expect(store.delete(['key'], gone)).rejects.toThrow('READONLY');
      await expect(store.clear(told)).rejects.toThrow('READONLY');
      expect(await store.get('key')).toEqual(envelope());
      await admin.replicaof('NO', 'ONE');

      const position = await store.delete(['key'], gone);
      expect(await store.read(mark, 10)).toMatchObject({ gap: false, changes: [{ position }] });
    });

    it('works for a user that may not ask which server it is', async () => {
      const admin = opened.client(server.url);
      await admin.acl('SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-@dangerous', '-@admin');
      const client = new Redis(server.port, server.host, {
        username: 'app',
        password: 'secret',
        enableReadyCheck: false,
      });
      opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
      const { store } = opened.cache(client);
      const { mark } = await store.start('end');
      const position = await store.delete(['key'], gone);

      expect(await store.read(mark, 50)).toMatchObject({ gap: false, changes: [{ position }] });
    });

    it('is not held up by a client that queues: every reading ends in its time', async () => {
      const client = opened.client(server.url);
      const { store } = opened.cache(client, { logTimeoutMs: 100 });
      await server.stop();
      await expect(store.start('end')).rejects.toMatchObject({ code: 'ERR_CACHE_LOG_TIMEOUT' });
      await server.start();

      await expect.poll(() => store.start('end').catch(() => undefined), { timeout: 10_000 }).toBeDefined();
    });
  },
  { controllable: true },
);
