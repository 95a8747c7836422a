import { ManualClock } from '@holdfast/core/testing';
import { createCache, type LoadContext } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';

describe('a loader', () => {
  it('sets life, tags and version of what it brings', async () => {
    const { cache, clock } = setUpL2();
    await cache.get('key', (context) => {
      context.ttl(100);
      context.tags('red');
      context.tags('red', 'big');
      context.version(7);
      return 1;
    });

    expect(await cache.entry('key')).toMatchObject({ state: 'fresh', tags: ['red', 'big'], version: 7 });
    await clock.advance(99);
    expect(cache.peek('key')).toBe(1);
    await clock.advance(1);
    expect(cache.peek('key')).toBeUndefined();
  });

  it('has its value passed on and not kept when it skips the cache', async () => {
    const { cache } = setUpL2();
    const load = counted(() => 1);
    const skipping = (context: LoadContext): number => {
      context.skip();
      return load();
    };

    expect([await cache.get('key', skipping), await cache.get('key', skipping)]).toEqual([1, 1]);
    expect(load.calls).toBe(2);
  });

  it('sees the value held and its validator, also of another process, and gives it another life', async () => {
    const rig = setUpL2({ ttlMs: 1_000, staleIfErrorMs: 60_000 });
    await rig.cache.get('key', (context) => {
      context.etag('"one"');
      context.tags('red');
      return 'value';
    });
    await rig.clock.advance(1_500);
    const other = neighbour(rig, { l3: undefined });
    const seen: unknown[] = [];
    const load = (context: LoadContext): unknown => {
      seen.push(context.reason, context.stale, context.staleEtag);
      return context.notModified();
    };

    expect(await other.get('key', load)).toBe('value');
    expect(seen).toEqual(['stale', 'value', '"one"']);
    expect(await other.entry('key')).toMatchObject({ state: 'fresh', ageMs: 0, tags: ['red'] });
  });

  it('rejects when it keeps what is not there', async () => {
    const { cache } = setUp();

    await expect(cache.get('key', (context) => context.notModified())).rejects.toMatchObject({
      code: 'ERR_CACHE_NOTHING_TO_KEEP',
      key: 'key',
    });
  });
});

describe('null from a loader', () => {
  it('lives for negativeTtlMs, where a value lives for ttlMs', async () => {
    const clock = new ManualClock();
    const cache = createCache({ namespace: 'shop', ttlMs: 1_000, negativeTtlMs: 100, clock });
    const none = counted(() => null);
    await Promise.all([cache.get('none', none), cache.get('some', () => 1)]);
    expect(await cache.get('none', none)).toBeNull();
    expect(none.calls).toBe(1);

    await clock.advance(100);
    expect([cache.peek('none'), cache.peek('some')]).toEqual([undefined, 1]);
    await cache.get('none', none);
    expect(none.calls).toBe(2);
  });
});

describe('a loader of many keys', () => {
  it('is called once for what nobody has, and may leave keys out', async () => {
    const { cache } = setUpL2();
    await cache.set('a', 'held');
    const asked: (readonly string[])[] = [];
    const load = (keys: readonly string[]): Map<string, string | null> => {
      asked.push(keys);
      return new Map([
        ['b', 'loaded'],
        ['c', null],
      ]);
    };

    const found = [
      ['a', 'held'],
      ['b', 'loaded'],
      ['c', null],
    ];
    expect([...(await cache.getMany<string | null>(['a', 'b', 'c', 'd'], load))]).toEqual(found);
    expect([...(await cache.getMany<string | null>(['a', 'b', 'c', 'd'], load))]).toEqual(found);
    expect(asked).toEqual([['b', 'c', 'd'], ['d']]);
  });

  it('says of each key what a loader may say of one', async () => {
    const { cache } = setUpL2();
    await cache.getMany(['a', 'b'], (keys, context) => {
      context.of('a').tags('red');
      return new Map(keys.map((key) => [key, key]));
    });
    await cache.deleteTag('red');

    expect([...(await cache.getMany(['a', 'b']))]).toEqual([['b', 'b']]);
  });
});
