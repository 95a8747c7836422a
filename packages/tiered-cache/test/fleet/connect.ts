import type { NodeRedisClient, RedisClient } from '@holdfast/tiered-cache/redis';
import type * as ioredis from 'ioredis';

import type { Wiring } from './messages.ts';

export interface Connected {
  readonly clientOrUrl: RedisClient | NodeRedisClient | string;
  close(): Promise<void>;
}

/** Makes the client as an application would, with the defaults of its library. A process imports only what it uses. */
export async function connect(wiring: Wiring): Promise<Connected> {
  if (wiring.client === 'url') return { clientOrUrl: urlOf(wiring), close: async () => undefined };
  return wiring.client === 'node-redis' ? connectNodeRedis(wiring) : connectIoredis(wiring);
}

function urlOf({ addresses: [address], user }: Wiring): string {
  const login = user === undefined ? '' : `${user.username}:${user.password}@`;
  return `redis://${login}${address?.host}:${address?.port}`;
}

async function connectIoredis(wiring: Wiring): Promise<Connected> {
  // They differ in types that we do not use.
  const library: Pick<typeof ioredis, 'Redis' | 'Cluster'> =
    wiring.client === 'ioredis-5'
      ? ((await import('ioredis-5')) as unknown as typeof ioredis)
      : await import('ioredis');
  const { Redis, Cluster } = library;
  const { layout, addresses, detours } = wiring;
  const client = {
    alone: () => new Redis(urlOf(wiring)),
    cluster: () => new Cluster([...addresses], detours && { natMap: { ...detours } }),
    sentinel: () => new Redis({ sentinels: [...addresses], name: 'main' }),
  }[layout]();
  client.on('error', ignore);
  return { clientOrUrl: client as RedisClient, close: async () => client.disconnect() };
}

async function connectNodeRedis(wiring: Wiring): Promise<Connected> {
  const { createClient, createCluster } = await import('@redis/client');
  const { layout, addresses, detours } = wiring;
  const client =
    layout === 'cluster'
      ? createCluster({
          rootNodes: addresses.map((socket) => ({ socket })),
          ...(detours && { nodeAddressMap: { ...detours } }),
        })
      : createClient({ url: urlOf(wiring) });
  client.on('error', ignore);
  // Of one server it queues commands until it is connected; a Cluster's slots have to be known before.
  if (layout === 'cluster') await client.connect();
  else client.connect().catch(ignore);
  return { clientOrUrl: client as NodeRedisClient, close: async () => client.destroy() };
}

function ignore(): void {
  // Commands that fail say so themselves.
}
