// What does a call cost that Redis refused before and would refuse again?
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { startRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';

import { baseline, ours, peer, question } from '../harness/question.ts';

const subject = 'user:1';
const windowMs = 86_400_000;
const four = {
  user: { limit: 1, windowMs },
  daily: { limit: 1_000, windowMs },
  expensive: { limit: 20, windowMs },
  learning: { limit: 10, windowMs },
} as const;

/** The peer rejects with what would be left. */
function refused(reason: unknown): boolean {
  return (reason as RateLimiterRes).remainingPoints > 0;
}

export default question({
  answer: false,
  cases: async (scope) => {
    const { url } = scope.use(await startRedis());
    const client = new Redis(url);
    scope.defer(() => client.disconnect());
    const counts = new Map([[subject, 0]]);
    const store = new RedisStore(client, { timeoutMs: 30_000 });
    const limiter = new RateLimiter({ limits: four, store });
    const flexible = new RateLimiterRedis({
      storeClient: client,
      points: 1,
      duration: windowMs / 1_000,
      inMemoryBlockOnConsumed: 1,
    });
    await limiter.check(subject);
    await limiter.check(subject);
    await flexible.consume(subject);
    await flexible.consume(subject).catch(refused);
    return [
      baseline('Map.get and ++', () => {
        const count = (counts.get(subject) ?? 0) + 1;
        counts.set(subject, count);
        return count <= 0;
      }),
      ours('RateLimiter.checkSync, four limits', () => limiter.checkSync(subject).allowed, { atMost: 25 }),
      ours('RateLimiter.check, four limits', async () => (await limiter.check(subject)).allowed),
      peer('rate-limiter-flexible', 'inMemoryBlockOnConsumed, one limit', () =>
        flexible.consume(subject).then(() => true, refused),
      ),
    ];
  },
});
