// Makes suites of others: the titles are theirs.
/* oxlint-disable vitest/valid-title */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@holdfast/core';
import {
  describeWithRedis,
  describeWithRedisCluster,
  describeWithRedisSentinel,
} from '@holdfast/test-support';
import { type NodeRedisClient, redis, type RedisClient } from '@holdfast/tiered-cache/redis';
import { createClient, createCluster, createSentinel } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { afterAll, describe } from 'vitest';

import { type Backing, coherentStoreContract } from '../contract/coherent-store-contract.ts';

const pass = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.schedule(resolve, ms));

type AnyClient = RedisClient | NodeRedisClient;

/** The contract on clients made once: one per process that the contract thinks of. */
function contractOn(
  title: string,
  make: () => AnyClient | Promise<AnyClient>,
  close: (client: never) => unknown,
): void {
  describe(title, () => {
    let clients: Promise<AnyClient>[] | undefined;
    afterAll(async () => {
      for (const client of clients ?? []) await close((await client) as never);
    });

    coherentStoreContract('coherent store', async (): Promise<Backing> => {
      clients ??= [make(), make()].map((client) => Promise.resolve(client));
      const [one, other] = await Promise.all(clients);
      const prefix = `test-${randomUUID()}`;
      const caches = [one, other].map((client) => redis(client as RedisClient, { prefix }));
      let opened = 0;
      return { open: () => caches[(opened += 1) % 2]!.coherent('shop'), pass };
    });
  });
}

const disconnect = (client: { disconnect(): void }): void => client.disconnect();
const destroy = (client: { destroy(): unknown }): unknown => client.destroy();

describeWithRedis('on one server', (server) => {
  contractOn('ioredis', () => new Redis(server.url), disconnect);
  contractOn('ioredis over RESP2', () => new Redis(server.url, { protocol: 2 }), disconnect);
  contractOn(
    'ioredis with its own types of RESP3',
    () => new Redis(server.url, { replyMapping: 'resp3' }),
    disconnect,
  );
  contractOn(
    'ioredis that pipelines',
    () => new Redis(server.url, { enableAutoPipelining: true }),
    disconnect,
  );
  contractOn('ioredis with a prefix', () => new Redis(server.url, { keyPrefix: 'app:' }), disconnect);
  contractOn(
    'ioredis with numbers as texts',
    () => new Redis(server.url, { stringNumbers: true }),
    disconnect,
  );
  contractOn('ioredis 5', () => new Redis5(server.url), disconnect);
  contractOn('node-redis', () => createClient({ url: server.url }).connect(), destroy);
  contractOn('node-redis over RESP2', () => createClient({ url: server.url, RESP: 2 }).connect(), destroy);
  contractOn(
    'node-redis with a prefix',
    () => createClient({ url: server.url, keyPrefix: 'app:' }).connect(),
    destroy,
  );

  coherentStoreContract('at a URL', () => {
    const prefix = `test-${randomUUID()}`;
    return {
      open: () => {
        const cache = redis(server.url, { prefix });
        const store = cache.coherent('shop');
        return new Proxy(store, {
          get: (target, name) => {
            if (name === Symbol.asyncDispose) return () => cache[Symbol.asyncDispose]();
            const value = Reflect.get(target, name) as unknown;
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
      pass,
    };
  });
});

describeWithRedisCluster('on a Cluster', (cluster) => {
  contractOn('ioredis', () => new Cluster([...cluster.addresses]), disconnect);
  contractOn(
    'ioredis that pipelines',
    () => new Cluster([...cluster.addresses], { enableAutoPipelining: true }),
    disconnect,
  );
  contractOn('ioredis 5', () => new Cluster5([...cluster.addresses]), disconnect);
  contractOn(
    'node-redis',
    async () => {
      const client = createCluster({ rootNodes: cluster.addresses.map((socket) => ({ socket })) });
      await client.connect();
      return client;
    },
    destroy,
  );
});

describeWithRedisSentinel('behind Sentinel', (group) => {
  contractOn('ioredis', () => new Redis({ sentinels: group.addresses, name: group.name }), disconnect);
  contractOn(
    'node-redis',
    async () => createSentinel({ name: group.name, sentinelRootNodes: group.addresses }).connect(),
    destroy,
  );
});
