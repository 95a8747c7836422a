import { settle } from '@holdfast/core/testing';
import type { TieredCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, setUp } from '../rig.ts';

const alone = { l2: undefined, l3: undefined } as const;
const sliding = { ...alone, ttlMs: 1_000, slidingMs: 100 } as const;
const fail = (): never => {
  throw new Error('source down');
};

/** What is held, without being asked for. */
async function stateOf(cache: TieredCache, key = 'key'): Promise<'fresh' | 'stale' | 'gone'> {
  return (await cache.entry(key))?.state ?? 'gone';
}

describe('a life that slides', () => {
  it('ends once nobody has asked for slidingMs', async () => {
    const { cache, clock } = setUp(sliding);
    await cache.set('key', 'value');
    await clock.advance(99);
    expect(await stateOf(cache)).toBe('fresh');

    await clock.advance(1);
    expect([await stateOf(cache), cache.peek('key'), await cache.get('key')]).toEqual([
      'gone',
      undefined,
      undefined,
    ]);
  });

  it.each<[string, (cache: TieredCache) => unknown]>([
    ['peek', (cache) => cache.peek('key')],
    ['get', (cache) => cache.get('key')],
    ['get with a loader', (cache) => cache.get('key', fail)],
    ['getMany', (cache) => cache.getMany(['other', 'key'])],
    ['getMany with a loader', (cache) => cache.getMany(['key'], fail)],
  ])('is lengthened by %s, to slidingMs from then on', async (_what, hit) => {
    const { cache, clock } = setUp(sliding);
    await cache.set('key', 'value');
    await clock.advance(60);
    await hit(cache);
    await clock.advance(99);
    expect(await stateOf(cache)).toBe('fresh');

    await clock.advance(1);
    expect(await stateOf(cache)).toBe('gone');
    expect(cache.statistics().slides).toEqual({ extended: 1, refused: 0 });
  });

  it('is not lengthened by who looks at it only: entry and dump', async () => {
    const { cache, clock } = setUp(sliding);
    await cache.set('key', 'value');
    await clock.advance(60);
    await cache.entry('key');
    expect([...cache.dump()]).toMatchObject([{ key: 'key', freshForMs: 40 }]);
    await clock.advance(40);

    expect(await stateOf(cache)).toBe('gone');
  });

  it('goes on while it is in use, and ends at ttlMs all the same', async () => {
    const { cache, clock } = setUp(sliding);
    const load = counted(() => 'value');
    await cache.get('key', load);
    for (let ms = 50; ms < 1_000; ms += 50) {
      await clock.advance(50);
      expect(await cache.get('key', load)).toBe('value');
    }
    expect(load.calls).toBe(1);
    await clock.advance(49);
    expect(cache.peek('key')).toBe('value');

    await clock.advance(1);
    expect(cache.peek('key')).toBeUndefined();
    await cache.get('key', load);
    expect(load.calls).toBe(2);
  });

  it('is not moved by hits in the first quarter of slidingMs', async () => {
    const { cache, clock } = setUp(sliding);
    await cache.set('key', 'value');
    await clock.advance(24);
    expect(cache.peek('key')).toBe('value');
    expect(cache.statistics().slides.extended).toBe(0);
    await clock.advance(76);
    expect(await stateOf(cache)).toBe('gone');

    await cache.set('key', 'value');
    await clock.advance(25);
    expect(cache.peek('key')).toBe('value');
    await clock.advance(75);
    expect([await stateOf(cache), cache.statistics().slides.extended]).toEqual(['fresh', 1]);
  });

  it('has its stale times added to its end, wherever that has moved', async () => {
    const { cache, clock } = setUp({ ...sliding, staleWhileRevalidateMs: 20, staleIfErrorMs: 50 });
    await cache.set('key', 'old');
    await clock.advance(60);
    cache.peek('key');
    await clock.advance(100);
    const refresh = counted(fail);
    expect([cache.peek('key'), await cache.get('key', refresh)]).toEqual([undefined, 'old']);
    await settle();
    expect(refresh.calls).toBe(1);
    await clock.advance(49);

    expect(await cache.get('key', fail)).toBe('old');
    await clock.advance(1);
    await expect(cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('is ended by expire, and by hits after that not begun again', async () => {
    const { cache, clock } = setUp({ ...sliding, staleIfErrorMs: 200 });
    await cache.set('key', 'old', { tags: ['red'] });
    await cache.set('other', 'old', { tags: ['red'] });
    await clock.advance(50);
    await cache.expire('key');
    await cache.expireTag('red');

    expect([cache.peek('key'), cache.peek('other')]).toEqual([undefined, undefined]);
    expect([await cache.get('key', fail), await cache.get('other', fail)]).toEqual(['old', 'old']);
    await clock.advance(200);
    await expect(cache.get('key', fail)).rejects.toThrow('source down');
    await expect(cache.get('other', fail)).rejects.toThrow('source down');
  });

  it('is not moved by a wall clock that jumps a day', async () => {
    for (const jumpMs of [86_400_000, -86_400_000]) {
      const { cache, clock } = setUp(sliding);
      await cache.set('key', 'value');
      await clock.advance(50);
      clock.shiftEpoch(jumpMs);
      expect(cache.peek('key')).toBe('value');
      await clock.advance(99);
      expect(await stateOf(cache)).toBe('fresh');
      await clock.advance(1);
      expect(await stateOf(cache)).toBe('gone');
    }
  });

  it('is shortened by jitter like every life, also at its longest', async () => {
    const { cache, clock } = setUp({ ...sliding, jitterRatio: 0.5, random: () => 0.8 });
    await cache.set('key', 'value');
    await clock.advance(59);
    expect(cache.peek('key')).toBe('value');
    await clock.advance(60);
    expect(await stateOf(cache)).toBe('gone');

    await cache.set('key', 'value');
    for (let ms = 0; ms < 590; ms += 30) {
      await clock.advance(30);
      expect([ms, cache.peek('key')]).toEqual([ms, ms < 570 ? 'value' : undefined]);
    }
  });

  it('without a longest one goes on for as long as it is in use', async () => {
    const { cache, clock } = setUp({ ...sliding, ttlMs: Infinity, earlyRefresh: { atRatio: 0 } });
    await cache.set('key', 'value');
    for (let days = 0; days < 100; days += 1) {
      await clock.advance(99);
      expect(cache.peek('key')).toBe('value');
    }
    await clock.advance(100);

    expect(cache.peek('key')).toBeUndefined();
  });

  it('of an entry is its own where that is given, and Infinity is none', async () => {
    const { cache, clock } = setUp(sliding);
    const part = cache.namespace('part', { slidingMs: 200 });
    const kind = cache.define('kind', { load: () => 'value', slidingMs: 300 });
    await cache.set('short', 'value', { slidingMs: 50 });
    await cache.set('fixed', 'value', { slidingMs: Infinity });
    await cache.get('loaded', () => 'value', { slidingMs: 150 });
    await part.set('key', 'value');
    await kind.get('key');
    const ends: Record<string, number> = {};
    const keys = ['short', 'fixed', 'loaded', 'part:key', 'kind:key'];
    for (let ms = 0; ms <= 1_000; ms += 50) {
      for (const key of keys) if ((await stateOf(cache, key)) === 'gone') ends[key] ??= ms;
      await clock.advance(50);
    }

    expect(ends).toEqual({
      short: 50,
      fixed: 1_000,
      loaded: 150,
      'part:key': 200,
      'kind:key': 300,
    });
  });

  it('never passes what its loader says, nor negativeTtlMs', async () => {
    const { cache, clock } = setUp({ ...sliding, negativeTtlMs: 130 });
    await cache.get('adapted', (context) => {
      context.ttl(120);
      return 'value';
    });
    await cache.get('none', () => null);
    await clock.advance(60);
    expect([cache.peek('adapted'), cache.peek('none')]).toEqual(['value', null]);
    await clock.advance(60);
    expect([await stateOf(cache, 'adapted'), await stateOf(cache, 'none')]).toEqual(['gone', 'fresh']);

    await clock.advance(10);
    expect(await stateOf(cache, 'none')).toBe('gone');
  });

  it('begins anew when a loader says that nothing has changed', async () => {
    const { cache, clock } = setUp({ ...sliding, staleIfErrorMs: 1_000 });
    await cache.set('key', 'value');
    await clock.advance(100);
    await cache.get('key', (context) => context.notModified());
    await clock.advance(99);

    expect(await stateOf(cache)).toBe('fresh');
  });

  it('is refreshed early by its longest life, not by its next end', async () => {
    const { cache, clock } = setUp({ ...sliding, earlyRefresh: { atRatio: 0.8 } });
    await cache.set('key', 'old');
    const load = counted(() => 'new');
    for (let ms = 50; ms < 800; ms += 50) {
      await clock.advance(50);
      expect(await cache.get('key', load)).toBe('old');
    }
    expect(load.calls).toBe(0);
    await clock.advance(50);
    expect(await cache.get('key', load)).toBe('old');
    await settle();

    expect([cache.peek('key'), load.calls]).toEqual(['new', 1]);
  });

  it('is bounded by l1.ttlMs, however often it is hit', async () => {
    const { cache, clock } = setUp({ ...sliding, l1: { ttlMs: 250 } });
    await cache.set('key', 'value');
    for (let ms = 50; ms < 250; ms += 50) {
      await clock.advance(50);
      expect(cache.peek('key')).toBe('value');
    }
    await clock.advance(50);

    expect(cache.peek('key')).toBeUndefined();
  });

  it('counts a hit that lengthens it as a hit, and no miss', async () => {
    const { cache, clock } = setUp(sliding);
    await cache.set('key', 'value');
    for (let hits = 0; hits < 4; hits += 1) {
      await clock.advance(50);
      await (hits % 2 === 0 ? cache.get('key') : cache.get('key', fail));
    }

    expect(cache.statistics().tiers.l1).toMatchObject({ hits: 4, misses: 0 });
    expect(cache.statistics().slides).toEqual({ extended: 4, refused: 0 });
  });

  it('is not kept by a dump: what is restored ends with what was left of it', async () => {
    const { cache, clock } = setUp(sliding);
    await cache.set('key', 'value');
    await clock.advance(40);
    const dumped = [...cache.dump()];
    const restored = setUp({ ...sliding, clock }).cache;
    await restored.restore(dumped);
    await clock.advance(59);
    expect(restored.peek('key')).toBe('value');

    await clock.advance(1);
    expect(restored.peek('key')).toBeUndefined();
  });

  it.each([0, 0.5, -1, Number.NaN, -Infinity, '100', {}])('cannot be %j', async (slidingMs) => {
    const bad = slidingMs as number;
    const { cache } = setUp(alone);

    expect(() => setUp({ ...alone, slidingMs: bad })).toThrow('slidingMs must be');
    expect(() => cache.namespace('part', { slidingMs: bad })).toThrow('slidingMs must be');
    await expect(cache.set('key', 1, { slidingMs: bad })).rejects.toThrow('slidingMs must be');
    await expect(cache.get('key', () => 1, { slidingMs: bad })).rejects.toThrow('slidingMs must be');
  });
});
