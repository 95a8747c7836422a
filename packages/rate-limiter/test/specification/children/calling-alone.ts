// Says when it decides on the server; when it is told that the server is frozen, calls on and says how many calls passed.
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import { RateLimiter } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';

const [url = '', instances = ''] = process.argv.slice(2);
const store = new RedisStore(url, {
  instances: Number(instances),
  timeoutMs: 1_000,
  probeIntervalMs: 500,
});
const limiter = new RateLimiter({ limits: { user: { limit: 100, windowMs: 3_600_000 } }, store });
const source = async (): Promise<string> => (await limiter.check('somebody', { cost: 0 })).source;

while ((await source()) !== 'redis') await setImmediate();
process.stdout.write('ready\n');
await once(process, 'message');
while ((await source()) !== 'local') await setImmediate();
let admitted = 0;
for (let call = 0; call < 200; call += 1) if ((await limiter.check('alice')).allowed) admitted += 1;
process.stdout.write(`${admitted}\n`);
process.exit();
