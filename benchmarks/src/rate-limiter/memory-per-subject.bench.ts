// How much memory does a subject take?
import { setImmediate } from 'node:timers/promises';

import { type LimitsOptions, MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import { MemoryStore as ExpressStore } from 'express-rate-limit';
import { RateLimiterMemory } from 'rate-limiter-flexible';

import { study } from '../harness/question.ts';
import { FastifyStore, fourLimits, oneLimit } from './memory-limiters.ts';

const windowMs = 600_000;
const subjects = { thorough: 1_000_000, smoke: 1_000 } as const;
const peerSubjects = { thorough: 100_000, smoke: 1_000 } as const;

/** Lets `count` subjects call; returns what holds them. */
type Fill = (count: number) => unknown;

/** Keys are made for each holder, so that whoever keeps them pays for them. */
const keyOf = (index: number): string => `user:${index}`;

function rateLimiter(limits: LimitsOptions, rounds: number): Fill {
  return (count) => {
    let now = 0;
    const clock = { now: () => now, epoch: () => now, schedule: () => () => undefined };
    const limiter = new RateLimiter({ limits, clock, store: new MemoryStore({ maxSubjects: count }) });
    for (let round = 0; round < rounds; round += 1) {
      for (let index = 0; index < count; index += 1) limiter.checkSync(keyOf(index));
      // A twentieth of the shortest window, so that each round is a cell of its own.
      now += 500;
    }
    return limiter;
  };
}

const holders: readonly (readonly [name: string, size: typeof subjects | typeof peerSubjects, fill: Fill])[] =
  [
    [
      'Map of numbers',
      subjects,
      (count) => new Map(Array.from({ length: count }, (_, index) => [keyOf(index), index])),
    ],
    ['RateLimiter, one limit, one call each', subjects, rateLimiter(oneLimit(100), 1)],
    ['RateLimiter, four limits, one call each', subjects, rateLimiter(fourLimits(100), 1)],
    [
      'RateLimiter, four limits, 20 calls each at 20 instants',
      peerSubjects,
      rateLimiter(fourLimits(100), 20),
    ],
    [
      '@fastify/rate-limit, LocalStore, one limit, one call each',
      peerSubjects,
      (count) => {
        const store = new FastifyStore(false, false, count);
        for (let index = 0; index < count; index += 1)
          store.incr(keyOf(index), () => undefined, windowMs, 100);
        return store;
      },
    ],
    [
      'express-rate-limit, MemoryStore, one limit, one call each',
      peerSubjects,
      async (count) => {
        const store = new ExpressStore();
        store.init({ windowMs } as Parameters<ExpressStore['init']>[0]);
        for (let index = 0; index < count; index += 1) await store.increment(keyOf(index));
        return store;
      },
    ],
    [
      'rate-limiter-flexible, RateLimiterMemory, one limit, one call each',
      peerSubjects,
      async (count) => {
        const limiter = new RateLimiterMemory({ points: 100, duration: windowMs / 1_000 });
        for (let index = 0; index < count; index += 1) await limiter.consume(keyOf(index));
        return limiter;
      },
    ],
  ];

export default study(async (effort) => {
  const lines: string[][] = [];
  for (const [name, sizes, fill] of holders) {
    const count = sizes[effort];
    lines.push([name, count.toLocaleString('en'), (await bytesPerSubject(fill, count)).toFixed(0)]);
  }
  return {
    columns: [
      { title: 'what', align: 'left' },
      { title: 'subjects', align: 'right' },
      { title: 'bytes per subject, key included', align: 'right' },
    ],
    lines,
  };
});

/** In a function of its own, so that nothing of it is alive when the next one is measured. */
async function bytesPerSubject(fill: Fill, count: number): Promise<number> {
  const before = await usedBytes();
  const held = await fill(count);
  const bytes = (await usedBytes()) - before;
  // Alive until here.
  if (held === undefined) throw new Error('nothing is held');
  return bytes / count;
}

/** `external` has the array buffers in it. What a collection finds dead outside the heap is freed a turn later. */
async function usedBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await setImmediate();
    globalThis.gc?.();
  }
  await setImmediate();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
