// How many bytes does a circuit breaker hold that nobody calls?
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { circuitBreaker, ConsecutiveBreaker, CountBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import Opossum from 'opossum';

import { one } from '../harness/operation.ts';
import { study } from '../harness/question.ts';

type Make = () => unknown;

const halfOpenAfter = 5_000;
const calls = 30;

async function used(): Promise<CircuitBreaker> {
  const breaker = new CircuitBreaker();
  for (let call = 0; call < calls; call += 1) await breaker.execute(one);
  return breaker;
}

const makers: readonly (readonly [label: string, make: Make])[] = [
  ['**CircuitBreaker, never called** (target 600)', () => new CircuitBreaker()],
  ['**CircuitBreaker, count window, never called**', () => new CircuitBreaker({ window: { calls: 100 } })],
  [`**CircuitBreaker, after ${calls} calls**`, used],
  [
    'cockatiel, consecutive',
    () => circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(20) }),
  ],
  [
    'cockatiel, count',
    () =>
      circuitBreaker(handleAll, {
        halfOpenAfter,
        breaker: new CountBreaker({ threshold: 0.5, size: 100, minimumNumberOfCalls: 20 }),
      }),
  ],
  [
    'cockatiel, sampling',
    () =>
      circuitBreaker(handleAll, {
        halfOpenAfter,
        breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
      }),
  ],
  ['opossum', () => new Opossum(one, { timeout: false })],
];

/** Bytes of heap and of buffers per instance, over many instances. */
async function bytesEach(make: Make, instances: number): Promise<number> {
  const kept: unknown[] = Array.from({ length: instances });
  // The first ones have room for fields that later ones turn out not to need.
  for (let warmUp = 0; warmUp < 20; warmUp += 1) dispose(await make());
  const before = held();
  for (let index = 0; index < instances; index += 1) kept[index] = await make();
  const bytes = held() - before;
  for (const instance of kept) dispose(instance);
  return Math.round(bytes / instances);
}

function held(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Opossum has timers that would keep it. */
function dispose(instance: unknown): void {
  if (instance instanceof Opossum) instance.shutdown();
}

export default study(async (effort) => {
  const lines: string[][] = [];
  for (const [label, make] of makers)
    lines.push([label, String(await bytesEach(make, effort === 'smoke' ? 10 : 2_000))]);
  return {
    columns: [
      { title: 'breaker', align: 'left' },
      { title: 'bytes', align: 'right' },
    ],
    lines,
  };
});
