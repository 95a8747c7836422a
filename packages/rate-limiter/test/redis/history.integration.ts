import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type Observed, unexplained } from '../model/history.ts';

const callers = 4;
const windowMs = 3_600_000;

describeWithRedis('callers of a RedisStore that do not know of each other', (redis) => {
  const clients: Redis[] = [];
  beforeAll(() => {
    for (let i = 0; i < callers; i += 1) clients.push(new Redis(redis.url));
  });
  afterAll(() => {
    for (const client of clients) client.disconnect();
  });

  it('invariant 15: see what some order of their calls explains', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }), {
          minLength: callers,
          maxLength: callers,
        }),
        async (limit, costsOf) => {
          runs += 1;
          const limits = { only: { limit, windowMs } };
          const histories = costsOf.map(async (costs, i): Promise<readonly Observed[]> => {
            // A store each, with a cache of refusals of its own.
            const store = new RedisStore(clients[i] as Redis, { timeoutMs: 30_000 });
            const limiter = new RateLimiter({ name: `history ${runs}`, limits, store });
            const seen: Observed[] = [];
            for (const cost of costs) {
              const beganAt = performance.now();
              const decision = await limiter.check('subject', { cost });
              const { allowed, limits: told } = decision;
              const remaining = told.only?.remaining ?? Number.NaN;
              seen.push({ beganAt, endedAt: performance.now(), cost, allowed, remaining });
            }
            return seen;
          });

          expect(unexplained(limit, (await Promise.all(histories)).flat())).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
