import { describeWithRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { beforeAll, expect, it } from 'vitest';

import { examples, flawless, type Outcome, run } from './examples.ts';

// What the environment decides is Redis here, and memory in the tests without a server.
const onRedis = examples.filter(
  ({ needsRedis, code }) => needsRedis || code.includes('cacheFromEnvironment'),
);

describeWithRedis('the examples that need Redis', (redis) => {
  let outcomes: readonly Outcome[] = [];
  beforeAll(async () => {
    outcomes = await run('redis', onRedis, {
      redisUrl: redis.url,
      environment: {
        REDIS_URL: redis.url,
        CACHE_KEY: Buffer.alloc(32, 1).toString('base64'),
        CACHE_KEY_NEXT: Buffer.alloc(32, 2).toString('base64'),
      },
    });
  }, 90_000);

  it.each(onRedis.map((example) => [example.document, example] as const))('run: %s', (_, example) => {
    expect(outcomes.find(({ name }) => name === example.name)).toEqual(flawless(example));
  });

  it('reach the server', async () => {
    const client = new Redis(redis.url);
    const keys = await client.keys('holdfast/*');
    client.disconnect();

    expect(keys).toEqual(expect.arrayContaining(['holdfast/shop:v:{cart:ada}']));
  });
});
