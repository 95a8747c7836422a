import { seconds, systemClock } from '@holdfast/core';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Caches } from './caching.ts';
import type { Limiter } from './limiter.ts';
import { RedisOutage } from './redis-outage.ts';

/** The connection to Redis, and who watches it. */
export interface RedisLink extends Disposable {
  readonly client: Redis;
  readonly outage: RedisOutage;
}

/**
 * A connection that never holds a request up: without a server commands fail at once instead of queueing, none is sent twice,
 * and cache and limiter answer without it. A server that takes commands and does not answer is left after a while.
 */
export async function connectRedis(url: string, log: Logger): Promise<RedisLink> {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: seconds(2),
    socketTimeout: seconds(5),
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  const { host, port } = client.options;
  const outage = new RedisOutage(`${host}:${port}`, log);
  client.on('error', (error: Error) => outage.complain('connection', error));
  const onClose = (): void => outage.complain('connection', new Error('the connection was closed'));
  client.on('close', onClose);
  client.on('ready', () => outage.recover('connection'));
  await firstOutcome(client);
  return {
    client,
    outage,
    [Symbol.dispose]: () => {
      client.off('close', onClose);
      outage[Symbol.dispose]();
      client.disconnect();
    },
  };
}

/** Waits until it is connected or has failed to, but not long: the first requests should find a server that is there. */
async function firstOutcome(client: Redis): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = systemClock.schedule(resolve, seconds(1));
  client.once('ready', resolve).once('close', resolve);
  await promise;
  cancel();
}

/** A server may be there and not answer, which only those notice who wait for it. */
export function watchRedis({ outage }: RedisLink, { answers }: Caches, limiter: Limiter): void {
  answers.events.subscribe((event) => {
    if (event.type === 'tier-failed' && event.tier === 'l2') outage.complain('cache', event.error);
    if (event.type === 'tier-recovered' && event.tier === 'l2') outage.recover('cache');
  });
  limiter.events.subscribe((event) => {
    if (event.type === 'store-lost') outage.complain('limiter', event.error);
    if (event.type === 'store-recovered') outage.recover('limiter');
  });
}
