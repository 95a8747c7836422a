// Lets a million different subjects call a limiter of four limits, and says how much memory and how many subjects it holds.
// They come in waves of as many as the limiter holds, and each calls so often, at another instant each time.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { MemoryStore, RateLimiter } from '@holdfast/rate-limiter';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const [maxSubjects = 0, callsEach = 0] = process.argv.slice(2).map(Number);
const windowMs = 3_600_000;

/** `external` has the array buffers in it. */
async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await setImmediate();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let now = 0;
const limiter = new RateLimiter({
  clock: { now: () => now, epoch: () => now, schedule: () => () => undefined },
  store: new MemoryStore({ maxSubjects }),
  limits: {
    user: { limit: 100, windowMs },
    expensive: { limit: 20, windowMs },
    smooth: { limit: 10, windowMs, mode: 'smooth' },
    burst: { limit: 50, windowMs, counts: 'attempts' },
  },
});
limiter.checkSync('somebody');
const before = await usedBytes();
for (let first = 0; first < 1_000_000; first += maxSubjects) {
  for (let call = 0; call < callsEach; call += 1) {
    for (let index = first; index < first + maxSubjects; index += 1) limiter.checkSync(`user:${index}`);
    now += 1_000;
  }
}
const bytes = (await usedBytes()) - before;
const { trackedSubjects } = limiter.statistics();
process.stdout.write(`${JSON.stringify({ bytes, trackedSubjects })}\n`);
