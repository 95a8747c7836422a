/**
 * A concurrency limit that many processes share, by leases in Redis or Valkey.
 *
 * @module
 */
export type { RedisClient } from './redis/client.ts';
export type { RedisBulkheadEvent } from './redis/events.ts';
export type { RedisBulkheadOptions } from './redis/options.ts';
export { RedisBulkhead } from './redis/redis-bulkhead.ts';
