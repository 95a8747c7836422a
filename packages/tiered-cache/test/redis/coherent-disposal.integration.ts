import { ManualClock } from '@holdfast/core/testing';
import { describeWithRedis, describeWithRedisCluster } from '@holdfast/test-support';
import { redis } from '@holdfast/tiered-cache/redis';
import { createClient } from '@redis/client';
import { Cluster, type Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { connections, Opened, waitingConnections } from './rig.ts';

const opened = new Opened();
afterEach(() => opened.close());

describeWithRedis('disposing coherent stores', (server) => {
  it('leaves no listener, timer or connection of 1,000 caches on one client, and that client open', async () => {
    const clock = new ManualClock();
    const client = opened.client(server.url);
    const admin = opened.client(server.url);
    await client.ping();
    const before = await connections(admin);
    const names = client.eventNames();
    const listeners = names.map((name) => client.listenerCount(name));
    const caches = Array.from({ length: 1_000 }, (_, index) => redis(client, { prefix: `p${index}`, clock }));
    const stores = caches.map((cache) => cache.coherent('shop'));
    expect(client.listenerCount('error')).toBe(listeners[names.indexOf('error')]! + 1);
    const starts = await Promise.all(stores.map((store) => store.start('end')));
    const readings = stores
      .slice(0, 100)
      .map((store, at) => store.read(starts[at]!.mark, 60_000).catch((error: unknown) => error));
    await expect.poll(() => waitingConnections(admin)).toHaveLength(100);

    for (const store of stores.slice(0, 50)) await store[Symbol.asyncDispose]();
    await expect.poll(() => waitingConnections(admin)).toHaveLength(50);
    for (const cache of caches) await cache[Symbol.asyncDispose]();

    const errors = await Promise.all(readings);
    expect(errors.every((error) => (error as { code?: string }).code === 'ERR_CACHE_DISPOSED')).toBe(true);
    await expect.poll(() => connections(admin)).toBe(before);
    expect(client.eventNames()).toEqual(names);
    expect(names.map((name) => client.listenerCount(name))).toEqual(listeners);
    expect(clock.pending()).toBe(0);
    expect(await client.ping()).toBe('PONG');
    await expect(stores[0]!.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
    await expect(stores[0]!.read(starts[0]!.mark, 10)).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
  });

  it('leaves a client of node-redis as it was', async () => {
    const client = createClient({ url: server.url });
    opened.keep({ [Symbol.asyncDispose]: async () => client.destroy() });
    await client.connect();
    const admin = opened.client(server.url);
    const before = await connections(admin);
    const listeners = client.listenerCount('error');
    const caches = Array.from({ length: 20 }, (_, index) => redis(client, { prefix: `p${index}` }));
    expect(client.listenerCount('error')).toBe(listeners + 1);
    const stores = caches.map((cache) => cache.coherent('shop'));
    const readings = stores.map(async (store) => store.read((await store.start('end')).mark, 60_000));
    const settled = Promise.allSettled(readings);
    await expect.poll(() => waitingConnections(admin)).toHaveLength(20);
    for (const cache of caches) await cache[Symbol.asyncDispose]();

    expect((await settled).map(({ status }) => status)).toEqual(caches.map(() => 'rejected'));
    await expect.poll(() => connections(admin)).toBe(before);
    expect(client.listenerCount('error')).toBe(listeners);
    expect(await client.ping()).toBe('PONG');
  });

  it('closes what it opened itself, also while it connects', async () => {
    const admin = opened.client(server.url);
    const before = await connections(admin);
    const cache = redis(server.url);
    const store = cache.coherent('shop');
    const { mark } = await store.start('end');
    const reading = store.read(mark, 60_000).catch((error: unknown) => error);
    await cache[Symbol.asyncDispose]();

    expect(await reading).toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
    await expect.poll(() => connections(admin)).toBe(before);
  });

  it('can be told twice, and store and cache in any order', async () => {
    const cache = redis(opened.client(server.url));
    const store = cache.coherent('shop');
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
    await cache[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();

    await expect(cache.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
  });

  it.each([
    [{ maxLogEntries: 0 }, 'maxLogEntries must be a whole number of at least 1, got 0'],
    [{ maxTags: 1.5 }, 'maxTags must be a whole number of at least 1, got 1.5'],
    [{ logTimeoutMs: 0 }, 'logTimeoutMs must be a finite number of milliseconds of at least 1, got 0'],
  ])('refuses %j', (options, message) => {
    expect(() => redis(server.url, options)).toThrow(message);
  });

  it('refuses a namespace that would run into another', () => {
    expect(() => redis(server.url).coherent('a/b')).toThrow(
      "namespace must be made of letters, digits, '.', '_' and '-'",
    );
  });
});

describeWithRedisCluster('disposing coherent stores on a Cluster', (cluster) => {
  it('leaves no connection to any node', async () => {
    const client = new Cluster([...cluster.addresses]);
    opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
    const admins: Redis[] = cluster.nodes.map((node) => opened.client(node.url));
    const all = async (): Promise<number> => {
      const counts = await Promise.all(admins.map(connections));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const cache = redis(client);
    const store = cache.coherent('shop');
    await Promise.all(Array.from({ length: 30 }, (_, index) => store.get(`key ${index}`)));
    const { mark } = await store.start('end');
    // The client itself opens connections as it goes.
    const before = await all();
    const reading = store.read(mark, 60_000).catch((error: unknown) => error);
    await expect.poll(all).toBeGreaterThan(before);
    await store[Symbol.asyncDispose]();

    expect(await reading).toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
    await expect.poll(all).toBe(before);
    expect(await client.get('key')).toBeNull();
  });
});
