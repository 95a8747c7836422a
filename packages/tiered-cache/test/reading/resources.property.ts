import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { ManualClock } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMiB(): number {
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

/** How much the heap grows between the first rounds, a tenth of them unless told, and the end, in MiB. */
async function growth(
  rounds: number,
  work: (round: number) => Promise<unknown>,
  first = rounds / 10,
): Promise<number> {
  for (let round = 0; round < first; round += 1) await work(round);
  const before = heapMiB();
  for (let round = first; round < rounds; round += 1) await work(round);
  return heapMiB() - before;
}

describe('a cache that is used for ever', () => {
  it('holds no more of a million keys than it has room for', async () => {
    const clock = new ManualClock();
    const cache = createCache({ namespace: 'n', ttlMs: 60_000, clock, l1: { maxEntries: 1_000 } });
    const grown = await growth(1_000_000, (round) => cache.set(`key ${round}`, round, { tags: ['red'] }));
    const { l1 } = cache.statistics().tiers;

    expect(l1?.entries).toBe(1_000);
    expect(grown).toBeLessThan(4);
    await cache[Symbol.asyncDispose]();
  });

  it('remembers nothing of loads, misses, deletions and failures that are over', async () => {
    const l2 = new MemoryCache({ maxEntries: 100 });
    const cache = createCache({ namespace: 'n', ttlMs: 60_000, l1: { maxEntries: 100 }, l2 });
    const fail = (): never => {
      throw new Error('source down');
    };
    const grown = await growth(40_000, async (round) => {
      const key = `key ${round}`;
      await cache.get(key, () => round, { tags: ['red'] });
      await cache.get(`missing ${round}`);
      await cache.get(`failing ${round}`, fail).catch(() => undefined);
      await cache.delete(key);
    });

    expect(grown).toBeLessThan(4);
    await cache[Symbol.asyncDispose]();
  });

  it('remembers a bounded number of keys and tags that others have invalidated', async () => {
    await using fleet = new Fleet(1);
    const [node] = fleet.nodes;
    if (node === undefined) throw new Error('there is one');
    await fleet.during(node.cache.get('warm', () => 1));
    const others = { origin: 'elsewhere', settleMs: 0 };
    const invalidate = async (round: number): Promise<void> => {
      const names = Array.from({ length: 1_000 }, (_, index) => `${round} ${index}`);
      fleet.server.delete(names, others).tell();
      fleet.server.invalidateTags(names, 'delete-tags', others);
      fleet.server.tagStates.clear();
      await fleet.clock.advance(1);
      fleet.server.log = fleet.server.log.slice(-10);
    };

    // 100,000 of each are kept: as many as the first 110 rounds bring.
    expect(await growth(260, invalidate, 110)).toBeLessThan(12);
    expect(node.cache.statistics().coherence.gaps).toBe(0);
  });
});
