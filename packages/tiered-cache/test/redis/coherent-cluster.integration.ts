import { describeWithRedisCluster } from '@holdfast/test-support';
import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';
import { Cluster, type Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';

import { readAll } from '../contract/coherent-store-log.ts';
import { envelope } from '../contract/envelopes.ts';
import { booksOf, gone, life, Opened, readAgain, told, waitingConnections } from './rig.ts';

describeWithRedisCluster('RedisCoherentStore on a Cluster', (cluster) => {
  const opened = new Opened();
  afterEach(async () => {
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await cluster.ready();
    await opened.close();
  });

  const open = (): { client: Cluster } & ReturnType<Opened['cache']> => {
    const client = new Cluster([...cluster.addresses], { clusterRetryStrategy: () => 100 });
    client.on('error', () => undefined);
    opened.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
    return { client, ...opened.cache(client) };
  };

  /** The node that serves a key. */
  const nodeOf = async (client: Cluster, key: string): Promise<number> => {
    const [admin] = cluster.nodes.map((node) => opened.client(node.url));
    const slot = Number(await admin?.cluster('KEYSLOT', key));
    const [address = ''] = client.slots[slot] ?? [];
    return cluster.nodes.findIndex(({ port }) => address.endsWith(`:${port}`));
  };

  /** A key whose value lies on another node than the log. */
  const keyAwayFromLog = async (client: Cluster, prefix: string): Promise<string> => {
    const logNode = await nodeOf(client, booksOf(prefix).log);
    for (let index = 0; ; index += 1)
      if ((await nodeOf(client, `${prefix}/shop:v:{key ${index}}`)) !== logNode) return `key ${index}`;
  };

  it('changes first and logs then: a change that cannot be logged is made all the same, and can be repeated', async () => {
    const { client, store, prefix } = open();
    await store.set('key', envelope({ version: 1 }), { ...told, ...life });
    const { meta } = booksOf(prefix);
    const { mark } = await store.start('end');
    const held = await client.hgetall(meta);
    await client.del(meta);
    await client.set(meta, 'not a hash');

    await expect(store.delete(['key'], gone)).rejects.toThrow('WRONGTYPE');
    expect(await store.get('key')).toBeUndefined();
    await expect(store.set('key', envelope({ version: 2 }), { ...told, ...life })).rejects.toThrow(
      'WRONGTYPE',
    );
    expect(await store.get('key')).toEqual(envelope({ version: 2 }));
    await expect(store.expire(['key'], 1_000, told)).rejects.toThrow('WRONGTYPE');
    expect(await store.get('key')).toEqual(envelope({ version: 2, freshUntil: 1_000 }));

    await client.del(meta);
    await client.hset(meta, held);
    await store.set('key', envelope({ version: 2 }), { ...told, ...life });
    await store.delete(['key'], gone);
    expect((await readAll(store, mark)).map(({ change }) => change)).toEqual(['set', 'delete']);
  });

  it('has a change logged later that was made and could not be: the others drop the key then', async () => {
    const { client, prefix } = open();
    const [one, other] = [0, 1].map(() => {
      const l2 = redis(client, { prefix });
      const cache = createCache({ namespace: 'shop', ttlMs: 600_000, maxStalenessMs: 600_000, l2 });
      return opened.keep(cache);
    }) as [TieredCache, TieredCache];
    await one.set('key', 'old');
    expect(await other.get('key')).toBe('old');
    const { meta } = booksOf(prefix);
    const held = await client.dumpBuffer(meta);
    await client.set(meta, 'not a hash');

    expect(await one.delete('key')).toMatchObject({ l2: 'queued' });
    expect(await client.exists(`${prefix}/shop:v:{key}`)).toBe(0);
    expect(other.peek('key')).toBe('old');
    await client.restore(meta, 0, held, 'REPLACE');

    await expect.poll(() => other.peek('key')).toBeUndefined();
    expect([await one.get('key'), await other.get('key')]).toEqual([undefined, undefined]);
  });

  it('logs nothing of a change that could not be made', async () => {
    const { client, store, prefix } = open();
    await client.ping();
    const key = await keyAwayFromLog(client, prefix);
    const { mark } = await store.start('end');
    const node = cluster.nodes[await nodeOf(client, `${prefix}/shop:v:{${key}}`)];
    await node?.kill();

    await expect(store.delete([key], gone)).rejects.toThrow(/./);
    await node?.start({ data: 'kept' });
    await cluster.ready();
    expect((await readAgain(store, mark)).changes).toEqual([]);
  });

  it('finds values, leases and the log by whatever key', async () => {
    const { client, store, prefix } = open();
    const names = (key: string): string[] => [`${prefix}/shop:v:${key}`, `${prefix}/shop:l:${key}`];
    const admin = opened.client(cluster.nodes[0]?.url ?? '');
    const slots = async (keys: string[]): Promise<number> =>
      new Set(await Promise.all(keys.map((key) => admin.cluster('KEYSLOT', key)))).size;

    expect(await slots(Object.values(booksOf(prefix)))).toBe(1);
    expect(await slots(names('{user:1}'))).toBe(1);
    expect(await slots(names('{-}}a}-'))).toBe(1);
    await store.set('}a}', envelope(), { ...told, ...life });
    expect(await client.exists(`${prefix}/shop:v:{-}}a}-`)).toBe(1);
  });

  it('reads on without a gap after the connection to the node of the log was killed', async () => {
    const { store } = open();
    const admins = cluster.nodes.map((node) => opened.client(node.url));
    const waiting = async (): Promise<[Redis, string][]> => {
      const found = await Promise.all(
        admins.map(async (admin) => [admin, await waitingConnections(admin)] as const),
      );
      return found.flatMap(([admin, ids]) => ids.map((id): [Redis, string] => [admin, id]));
    };
    const { mark } = await store.start('end');
    const reading = store.read(mark, 60_000).catch((error: unknown) => error);
    await expect.poll(waiting).toHaveLength(1);
    const [[admin, id] = []] = await waiting();
    await admin?.client('KILL', 'ID', id ?? '');
    expect(await reading).toBeInstanceOf(Error);
    await store.delete(['a', 'b', 'c'], gone);

    expect((await readAgain(store, mark)).changes).toMatchObject([{ names: ['a', 'b', 'c'] }]);
  });
});
