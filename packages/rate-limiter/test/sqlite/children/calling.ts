// Calls in the name of one subject and says of each call how it came out: `<file> <limit> <calls>`. 0 calls are as many as it
// can make before it is killed.
import { RateLimiter } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';

const [file = '', limit = '', calls = ''] = process.argv.slice(2);
// A decision made by one process alone would be no answer to what several do together.
const store = new SqliteStore(file, { timeoutMs: 30_000 });
const limiter = new RateLimiter({ limits: { user: { limit: Number(limit), windowMs: 3_600_000 } }, store });

for (let call = 0; call < (Number(calls) || Infinity); call += 1) {
  const { allowed, source } = limiter.checkSync('alice');
  process.stdout.write(`${source} ${allowed ? 'admitted' : 'refused'}\n`);
  await new Promise(setImmediate);
}
