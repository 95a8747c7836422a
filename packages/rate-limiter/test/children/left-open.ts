// Uses all that has a timer, a connection or a file, closes what is to be closed, and leaves the rest to end by itself.
import { AdaptiveFactor, RateLimiter } from '@holdfast/rate-limiter';
import { rateLimitedFetch } from '@holdfast/rate-limiter/fetch';
import { ClientIdentity } from '@holdfast/rate-limiter/identity';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';

const [url = '', file = ''] = process.argv.slice(2);
const limits = {
  user: { limit: 5, windowMs: 3_600_000, penalty: { blockMs: 3_600_000 } },
  burst: { limit: 1, windowMs: 3_600_000, counts: 'attempts' },
} as const;

new AdaptiveFactor({ score: () => 1 }).start();
new ClientIdentity({ trustedProxies: 'none' }).keyOf({ headers: {}, socket: { remoteAddress: '192.0.2.1' } });
await (await rateLimitedFetch()('data:text/plain,hello')).text();
const said: string[] = [];
// No `using`: the oldest Node.js that is supported does not know it, and reads this file as it is.
const redis = new RedisStore(url, { timeoutMs: 10_000 });
const sqlite = new SqliteStore(file);
for (const store of [undefined, sqlite, redis]) {
  const limiter = new RateLimiter({ limits, store });
  const decision = await limiter.check('alice');
  await decision.refund();
  await limiter.check('alice', { cost: 9 });
  await limiter.block('bob', 3_600_000);
  said.push(decision.source);
}
sqlite[Symbol.dispose]();
await redis[Symbol.asyncDispose]();
process.stdout.write(`${said.join()}\n`);
