// What does one decision on Redis cost, with 100 callers at once?
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { startRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';

import { baseline, ours, peer, question, reference } from '../harness/question.ts';

const callers = 100;
const limit = 1_000_000_000;
const windowMs = 60_000;
const patienceMs = 30_000;
const incrementScript = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;

/** Whether all callers were admitted. Each has a key of its own. */
async function allOf(decide: (key: string) => Promise<boolean>): Promise<boolean> {
  const decisions = await Promise.all(Array.from({ length: callers }, (_, index) => decide(`user:${index}`)));
  return decisions.every(Boolean);
}

export default question({
  clock: 'wall',
  answer: true,
  callsPerRun: callers,
  cases: async (scope) => {
    const { url } = scope.use(await startRedis());
    const client = new Redis(url);
    scope.defer(() => client.disconnect());
    const sha = (await client.script('LOAD', incrementScript)) as string;
    const holdfast = new RateLimiter({
      name: 'benchmark',
      limits: { user: { limit, windowMs } },
      // A decision that is made locally would be cheap, and no answer to the question.
      store: new RedisStore(client, { timeoutMs: patienceMs }),
    });
    const flexible = new RateLimiterRedis({
      storeClient: client,
      points: limit,
      duration: windowMs / 1_000,
      keyPrefix: 'flexible',
    });
    return [
      baseline('EVALSHA of INCR and PEXPIRE', () =>
        allOf(async (key) => Number(await client.evalsha(sha, 1, `bare:${key}`, windowMs)) <= limit),
      ),
      reference('INCR', () => allOf(async (key) => (await client.incr(`incr:${key}`)) <= limit)),
      ours('RateLimiter, any window (strict)', () =>
        allOf(async (key) => {
          const { allowed, source } = await holdfast.check(key);
          if (source !== 'redis') throw new Error(`decided by ${source}`);
          return allowed;
        }),
      ),
      peer('rate-limiter-flexible', 'RateLimiterRedis, fixed window', () =>
        allOf(async (key) => (await flexible.consume(key)).remainingPoints >= 0),
      ),
    ];
  },
});
