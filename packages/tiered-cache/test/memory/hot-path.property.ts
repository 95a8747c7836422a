import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
const rounds = 60;
const readsPerRound = 20_000;

/**
 * Upper bounds, in looks into a Map. Benchmarks hold hits to less; a reading of the clock at each hit takes the first one
 * past its bound, and a get that is not answered from memory at once the second.
 */
const mostPerPeek = 7;
const mostPerGet = 15;

/** What all reads of one round come to, so that none of them can be left out. */
let sum = 0;

/**
 * Shortest of many short rounds of each, in milliseconds. They take turns, so that each has its share of the moments in which
 * the machine does nothing else.
 */
async function shortest(...reads: readonly (() => unknown)[]): Promise<readonly number[]> {
  const best = reads.map(() => Infinity);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, read] of reads.entries()) {
      const startedAt = performance.now();
      await read();
      best[index] = Math.min(best[index] ?? Infinity, performance.now() - startedAt);
    }
  }
  return best;
}

describe('a hit in memory', () => {
  it('costs a small multiple of a look into a Map, at once and by a promise', async () => {
    const map = new Map(keys.map((key, index) => [key, index]));
    const cache = createCache<number>({ namespace: 'n', ttlMs: 3_600_000 });
    for (const [index, key] of keys.entries()) await cache.set(key, index, { tags: ['red'] });
    const key = (read: number): string => keys[read % keys.length] as string;
    const [looks = 0, peeks = Infinity, gets = Infinity] = await shortest(
      () => {
        for (let read = 0; read < readsPerRound; read += 1) sum += map.get(key(read)) as number;
      },
      () => {
        for (let read = 0; read < readsPerRound; read += 1) sum += cache.peek(key(read)) as number;
      },
      async () => {
        for (let read = 0; read < readsPerRound; read += 1) sum += (await cache.get(key(read))) as number;
      },
    );

    expect(sum).toBeGreaterThan(0);
    expect(peeks / looks).toBeLessThan(mostPerPeek);
    expect(gets / looks).toBeLessThan(mostPerGet);
    await cache[Symbol.asyncDispose]();
  });
});
