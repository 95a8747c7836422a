import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { itTellsSubjectsApart } from './subjects.ts';

describeWithRedis('subjects in Redis', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  itTellsSubjectsApart(() => new RedisStore(client, { timeoutMs: 10_000, time: 'client' }));
});
