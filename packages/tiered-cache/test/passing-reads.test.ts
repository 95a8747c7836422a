import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`);
/** Some 40 KB of memory. */
const value = Array.from({ length: 1_000 }, (_, index) => ({ index }));

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
}

describe('a cache that reads from a lower tier', () => {
  it('lets go of values when they have been given out, without a full collection', async () => {
    await using cache = createCache({ namespace: 'n', ttlMs: 60_000, l1: false, l2: new MemoryCache() });
    for (const key of keys) await cache.set(key, value);
    const read = async (): Promise<void> => {
      await Promise.all(keys.map((key) => cache.get(key)));
      collect({ type: 'minor' });
    };
    for (let round = 0; round < 40; round += 1) await read();
    // The cache is old, as one that has run for a while.
    collect();
    collect();
    const before = oldBytes();
    for (let round = 0; round < 100; round += 1) await read();

    // All that was read took some 40 MB, of which lookups that held on to it would take 6 along.
    expect(oldBytes() - before).toBeLessThan(2_000_000);
  });
});
