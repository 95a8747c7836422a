import { type LoadContext, type TieredCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';
import { neighbour, setUp, setUpL2 } from '../rig.ts';

const stale: Partial<TieredCacheOptions> = { ttlMs: 1_000, staleIfErrorMs: 60_000 };

/** What each cache holds of a key: until when it is fresh counts. */
async function statesOf(caches: readonly TieredCache[], key = 'key'): Promise<unknown[]> {
  const entries = await Promise.all(caches.map((cache) => cache.entry(key)));
  return entries.map((entry) => entry?.state);
}

describe('a life that the loader has set', () => {
  const load = (context: LoadContext): string => {
    context.ttl(100);
    return 'value';
  };

  it('holds in every tier', async () => {
    const rig = setUp(stale);
    await rig.cache.get('key', load);
    const tiers = [rig.cache, neighbour(rig, { ...stale, l3: undefined }), neighbour(rig, { l2: undefined })];
    await rig.clock.advance(99);
    expect(await statesOf(tiers)).toEqual(['fresh', 'fresh', 'fresh']);

    await rig.clock.advance(1);
    expect(await statesOf(tiers)).toEqual(['stale', 'stale', 'stale']);
  });

  it('may be longer than that of the cache, and is set anew by each load', async () => {
    const { cache, clock } = setUpL2({ ...stale, staleIfErrorMs: 0 });
    await cache.get('key', (context) => {
      context.ttl(5_000);
      return 'long';
    });
    await clock.advance(4_999);
    expect(cache.peek('key')).toBe('long');
    await clock.advance(1);
    await cache.get('key', load);
    await clock.advance(100);

    expect(cache.peek('key')).toBeUndefined();
  });

  it('holds for each key of a bulk load by itself', async () => {
    const rig = setUp(stale);
    await rig.cache.getMany(['short', 'usual'], (keys, context) => {
      context.of('short').ttl(100);
      return new Map(keys.map((key) => [key, key]));
    });
    await rig.clock.advance(100);
    const tiers = [rig.cache, neighbour(rig, stale)];

    expect([await statesOf(tiers, 'short'), await statesOf(tiers, 'usual')]).toEqual([
      ['stale', 'stale'],
      ['fresh', 'fresh'],
    ]);
  });

  it('holds in all processes of a fleet, also where it is refreshed', async () => {
    await using fleet = new Fleet(2, { ttlMs: 1_000, staleWhileRevalidateMs: 1_000 });
    const [a, b] = fleet.nodes.map(({ cache }) => cache) as [TieredCache, TieredCache];
    await a.get('key', load);
    await b.get('key');
    await fleet.clock.advance(100);
    expect(await statesOf([a, b])).toEqual(['stale', 'stale']);
    await b.get('key', (context) => {
      context.ttl(300);
      return 'value';
    });
    await fleet.clock.advance(250);
    expect(await fleet.during(a.get('key'))).toBe('value');

    await fleet.clock.advance(50);
    expect(await statesOf([a, b])).toEqual(['stale', 'stale']);
  });
});

describe('a conditional refresh', () => {
  const first = (context: LoadContext): { a: number } => {
    context.etag('"1"');
    context.tags('said');
    context.version(3);
    return { a: 1 };
  };

  it.each<[string, Partial<TieredCacheOptions>]>([
    ['memory', {}],
    ['l2', { l3: undefined }],
    ['l3', { l2: undefined }],
  ])('gives the value that %s holds another life in every tier', async (where, only) => {
    const rig = setUp(stale);
    await rig.cache.get('key', first);
    await rig.clock.advance(1_500);
    const cache = where === 'memory' ? rig.cache : neighbour(rig, { ...stale, ...only });
    let seen: string | undefined;
    const value = await cache.get('key', (context) => {
      seen = context.staleEtag;
      return context.notModified();
    });
    await rig.clock.advance(999);
    const after = where === 'memory' ? neighbour(rig, stale) : neighbour(rig, { ...stale, ...only });

    expect([seen, value]).toEqual(['"1"', { a: 1 }]);
    for (const one of [cache, after])
      expect(await one.entry('key')).toMatchObject({
        state: 'fresh',
        ageMs: 999,
        tags: ['said'],
        version: 3,
      });
    await rig.clock.advance(1);
    expect(await statesOf([cache, after])).toEqual(['stale', 'stale']);
  });

  it('keeps the tags of the value beside those of the call', async () => {
    const { cache, clock } = setUpL2(stale);
    const part = cache.namespace('part', { tags: ['own'] });
    await part.get('key', first);
    await clock.advance(1_500);
    await part.get('key', (context) => context.notModified());
    expect((await part.entry('key'))?.tags).toEqual(['own', 'said']);
    await cache.deleteTag('said');

    expect(await part.get('key')).toBeUndefined();
  });

  it('keeps no tag of the value where the loader says others now', async () => {
    const { cache, clock } = setUpL2(stale);
    await cache.get('key', first, { tags: ['own'] });
    await clock.advance(1_500);
    const again = (context: LoadContext): unknown => {
      context.tags('other');
      return context.notModified();
    };
    await cache.get('key', again, { tags: ['own'] });

    expect((await cache.entry('key'))?.tags).toEqual(['own', 'other']);
  });

  it('lives as long as is said now, not as was said of the value then', async () => {
    const { cache, clock } = setUpL2(stale);
    await cache.get('key', (context) => {
      context.ttl(100);
      return 'value';
    });
    await clock.advance(100);
    await cache.get('key', (context) => context.notModified());
    await clock.advance(999);
    expect(cache.peek('key')).toBe('value');
    await clock.advance(1);
    await cache.get('key', (context) => {
      context.ttl(50);
      return context.notModified();
    });
    await clock.advance(50);

    expect(cache.peek('key')).toBeUndefined();
  });

  it('is one in a fleet, and all processes get what it has confirmed', async () => {
    await using fleet = new Fleet(3, { ttlMs: 1_000, staleWhileRevalidateMs: 1_000 });
    const caches = fleet.nodes.map(({ cache }) => cache);
    await caches[0]?.get('key', first);
    for (const cache of caches) await cache.get('key');
    await fleet.clock.advance(1_100);
    let calls = 0;
    const confirm = (context: LoadContext): unknown => {
      calls += 1;
      return context.notModified();
    };
    for (const cache of caches) expect(await cache.get('key', confirm)).toEqual({ a: 1 });
    await fleet.clock.advance(200);

    expect(calls).toBe(1);
    expect(await statesOf(caches)).toEqual(['fresh', 'fresh', 'fresh']);
  });

  it('is shown a copy, where values are cloned: what it does to it nobody sees', async () => {
    const { cache, clock } = setUpL2({ ...stale, copies: 'cloned' });
    await cache.get('key', first);
    await clock.advance(1_500);
    await expect(
      cache.get('key', (context) => {
        (context.stale as { a: number }).a = 2;
        throw new Error('source down');
      }),
    ).resolves.toEqual({ a: 1 });

    expect(await cache.get('key', (context) => context.notModified())).toEqual({ a: 1 });
  });
});
