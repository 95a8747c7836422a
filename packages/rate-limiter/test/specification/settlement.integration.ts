import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { itSettlesWhatWasGivenBack } from './settlement.ts';

describeWithRedis('what a call turned out to cost in Redis', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  itSettlesWhatWasGivenBack(
    () => new RedisStore(client, { timeoutMs: 10_000, time: 'client', prefix: crypto.randomUUID() }),
  );
});
