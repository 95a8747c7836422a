import { Redis } from 'ioredis';
import type { Logger } from 'pino';

/**
 * A connection that never holds a request up: without a server commands fail at once instead of queueing, and cache and
 * limiter answer without it. Each outage is reported once, and so is its end.
 */
export function connectRedis(url: string, log: Logger): Redis {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
  });
  const { host, port } = client.options;
  let reported = false;
  client.on('error', (error: Error) => {
    if (!reported)
      log.warn(
        { server: `${host}:${port}`, reason: error.message },
        'redis cannot be used; the service runs without it',
      );
    reported = true;
  });
  client.on('ready', () => {
    if (reported) log.info({ server: `${host}:${port}` }, 'redis can be used again');
    reported = false;
  });
  return client;
}
