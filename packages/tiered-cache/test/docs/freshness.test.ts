import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache, type EarlyRefreshOptions, MemoryCache, type TieredCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, hanging, setUpL2 } from '../rig.ts';

function refreshing(
  earlyRefresh: EarlyRefreshOptions,
  drawn = 0.5,
): { cache: TieredCache; clock: ManualClock } {
  const clock = new ManualClock();
  return {
    clock,
    cache: createCache({ namespace: 'shop', ttlMs: 1_000, earlyRefresh, clock, random: () => drawn }),
  };
}

describe('an early refresh', () => {
  it('is set off once by the first reader with a loader after its share of the life', async () => {
    const { cache, clock } = refreshing({ atRatio: 0.8 });
    await cache.get('key', () => 'old');
    const load = counted(() => 'new');
    await clock.advance(799);
    expect([cache.peek('key'), await cache.get('key', load)]).toEqual(['old', 'old']);
    expect(load.calls).toBe(0);

    await clock.advance(1);
    expect(await Promise.all([cache.get('key', load), cache.get('key', load)])).toEqual(['old', 'old']);
    await settle();
    expect([cache.peek('key'), load.calls]).toEqual(['new', 1]);
  });

  it('is left to readers with a loader: the others are given what is fresh', async () => {
    const { cache, clock } = refreshing({ atRatio: 0.8 });
    await cache.set('key', 'old');
    await clock.advance(999);
    expect([cache.peek('key'), await cache.get('key')]).toEqual(['old', 'old']);
    expect(cache.statistics().refreshes).toEqual({ success: 0, failure: 0 });

    await clock.advance(1);
    expect([cache.peek('key'), await cache.get('key')]).toEqual([undefined, undefined]);
  });

  it('comes by chance the earlier the slower the load is', async () => {
    const startOf = async (loadMs: number): Promise<number> => {
      // A draw of 1 - 1/e takes exactly the time of one load.
      const { cache, clock } = refreshing({ beta: 1 }, 1 - Math.exp(-1));
      const loading = cache.get(
        'key',
        () => new Promise((resolve) => void clock.schedule(() => resolve(1), loadMs)),
      );
      await clock.advance(loadMs);
      await loading;
      const load = counted(() => 2);
      for (let ms = 0; ; ms += 1) {
        await cache.get('key', load);
        if (load.calls > 0) return ms;
        await clock.advance(1);
      }
    };

    expect([await startOf(10), await startOf(200)]).toEqual([990, 800]);
  });
});

describe('a stale value that could stand in for an error', () => {
  it('is given out after tierSoftTimeoutMs where a tier lets it wait', async () => {
    const { cache, clock, l2 } = setUpL2({
      ttlMs: 1_000,
      staleIfErrorMs: 60_000,
      tierTimeoutMs: 250,
      tierSoftTimeoutMs: 50,
    });
    await cache.set('key', 'old');
    await clock.advance(1_500);
    l2.fate = hanging;
    let answer: unknown;
    void cache.get('key', () => 'new').then((value) => (answer = value));
    await clock.advance(49);
    expect(answer).toBeUndefined();

    await clock.advance(1);
    expect(answer).toBe('old');
    await clock.advance(1_000);
    expect(await cache.get('key')).toBe('new');
  });
});

describe('a lower tier with a life of its own', () => {
  it('keeps an entry no longer, and what it gives lives no longer than its own', async () => {
    const clock = new ManualClock();
    const l2 = new MemoryCache({ clock });
    const cache = createCache({
      namespace: 'shop',
      ttlMs: 1_000,
      l1: false,
      l2: { cache: l2, ttlMs: 300 },
      clock,
    });
    await cache.set('key', 1);
    await clock.advance(299);
    expect(await cache.get('key')).toBe(1);

    await clock.advance(1);
    expect(await cache.get('key')).toBeUndefined();
  });
});
