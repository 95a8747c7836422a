// Waits for the others, calls 125 times at once for one subject of which 5 may pass, and says how many did.
import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { Redis } from 'ioredis';

const [url = '', name = ''] = process.argv.slice(2);
const client = new Redis(url);
const limiter = new RateLimiter({
  name,
  limits: { user: { limit: 5, windowMs: 60_000 } },
  store: new RedisStore(client, { timeoutMs: 30_000 }),
});
await client.blpop(name, 0);
const decisions = await Promise.all(Array.from({ length: 125 }, () => limiter.check('alice')));
if (decisions.some(({ source }) => source === 'local')) throw new Error('decided locally');
process.stdout.write(`${decisions.filter(({ allowed }) => allowed).length}\n`);
client.disconnect();
