// Calls a breaker ten million times and says what became of the heap: CB-37.
import { PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { CircuitBreaker, type CircuitBreakerOptions } from '@holdfast/circuit-breaker';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const optionsOf: Readonly<Record<string, CircuitBreakerOptions>> = {
  'window of calls': { window: { calls: 100 } },
  'window of time': {},
  'slow calls': { slow: { afterMs: 60_000, ratio: 1 } },
};

let collections = 0;
const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
observer.observe({ entryTypes: ['gc'] });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function acquire(breaker: CircuitBreaker, times: number): void {
  for (let time = 0; time < times; time += 1) {
    // Not by `using`: that allocates by itself.
    const permit = breaker.tryAcquire();
    if (time % 3 === 0) permit?.failure();
    else permit?.success();
    permit?.[Symbol.dispose]();
  }
}

async function execute(breaker: CircuitBreaker, times: number): Promise<void> {
  const failing = (): never => {
    throw new TypeError('fetch failed', { cause: 'down' });
  };
  for (let time = 0; time < times; time += 1)
    await breaker.execute(time % 4 === 0 ? failing : () => time).catch(() => undefined);
}

async function heapAfter(work: () => void | Promise<void>): Promise<number> {
  await work();
  await turn();
  collect();
  return process.memoryUsage().heapUsed;
}

const [, , name = '', scale = '1'] = process.argv;
const breaker = new CircuitBreaker(optionsOf[name]);
const calls = (count: number): number => count * Number(scale);

/** Garbage collections during a million calls. The fewest of some rounds: code that is not optimised yet makes garbage. */
async function fewestCollections(rounds: number): Promise<number> {
  let fewest = Infinity;
  for (let round = 0; round < rounds && fewest > 0; round += 1) {
    // The observer hears of collections a few turns later.
    for (let count = 0; count < 10; count += 1) await turn();
    const before = collections;
    acquire(breaker, 1_000_000);
    for (let count = 0; count < 10; count += 1) await turn();
    fewest = Math.min(fewest, collections - before);
  }
  return fewest;
}

const collectionsOfAcquire = await fewestCollections(name === 'window of calls' ? 10 : 1);
// What it is told of collections stays in memory, on Node.js up to 24.
observer.disconnect();
const acquiredBefore = await heapAfter(() => acquire(breaker, calls(100_000)));
const acquiredAfter = await heapAfter(() => acquire(breaker, calls(2_000_000)));

const executedBefore = await heapAfter(() => execute(breaker, calls(20_000)));
const executedAfter = await heapAfter(() => execute(breaker, calls(100_000)));

const { success, failure } = breaker.statistics().calls;
process.stdout.write(
  `${JSON.stringify({
    acquired: acquiredAfter - acquiredBefore,
    executed: executedAfter - executedBefore,
    collectionsOfAcquire,
    counted: success + failure,
  })}\n`,
);
