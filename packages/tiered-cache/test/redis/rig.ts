import { randomUUID } from 'node:crypto';
import { systemClock } from '@holdfast/core';
import {
  type NodeRedisClient,
  redis,
  type RedisCache,
  type RedisClient,
  type RedisOptions,
} from '@holdfast/tiered-cache/redis';
import { Redis, type RedisOptions as RedisClientOptions } from 'ioredis';

import type { CoherentStore, LogMark } from '../../src/coherence/coherent-store.ts';

export const life = { ttlMs: 60_000 };
export const told = { origin: 'test' };
export const gone = { ...told, settleMs: 0 };
export const leaseMs = 60_000;

/** What was opened for a test, closed in the opposite order. */
export class Opened {
  readonly #opened: AsyncDisposable[] = [];

  keep<T extends AsyncDisposable>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }

  /** A client, and what ends it. */
  client(url: string, options: Omit<RedisClientOptions, 'replyMapping'> = {}): Redis {
    const client = new Redis(url, options);
    client.on('error', () => undefined);
    this.keep({ [Symbol.asyncDispose]: async () => client.disconnect() });
    return client;
  }

  /** A cache under a prefix of its own. */
  cache(
    clientOrUrl: RedisClient | NodeRedisClient | string,
    options: RedisOptions = {},
  ): { readonly cache: RedisCache; readonly store: CoherentStore; readonly prefix: string } {
    const prefix = options.prefix ?? `test-${randomUUID()}`;
    const cache = redis(clientOrUrl, { ...options, prefix });
    const store = cache.coherent('shop');
    this.keep(cache);
    return { cache, store, prefix };
  }

  async close(): Promise<void> {
    for (const each of this.#opened.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  }
}

export const pass = (ms: number): Promise<void> =>
  new Promise((resolve) => void systemClock.schedule(resolve, ms));

/** Names of the keys beside values and leases, as the server holds them. */
export const booksOf = (prefix: string): { log: string; meta: string; tags: string } => ({
  log: `{${prefix}/shop}:log`,
  meta: `{${prefix}/shop}:meta`,
  tags: `{${prefix}/shop}:tags`,
});

/** Reads until the store answers. */
export async function readAgain(
  store: CoherentStore,
  mark: LogMark,
  tries = 100,
): ReturnType<CoherentStore['read']> {
  for (let left = tries; ; left -= 1) {
    try {
      return await store.read(mark, 50);
    } catch (error) {
      if (left === 0) throw error;
      await pass(100);
    }
  }
}

/** How often each command was called, scripts and what they call among them. */
export async function commandCalls(client: Redis): Promise<(command: string) => number> {
  const info = await client.info('commandstats');
  return (command) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
}

/** Ids of the connections that wait for the log. */
export async function waitingConnections(client: Redis): Promise<string[]> {
  const list = String(await client.client('LIST'));
  return list
    .split('\n')
    .flatMap((line) => (/ cmd=xread/.test(line) ? [/^id=(\d+)/.exec(line)?.[1] ?? ''] : []));
}

export async function connections(client: Redis): Promise<number> {
  return String(await client.client('LIST'))
    .trim()
    .split('\n').length;
}
