import { settle } from '@holdfast/core/testing';
import { type Codec, createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { setUpL2 } from './rig.ts';

describe('an entry that cannot be read', () => {
  it('is a miss, counted as an error and told', async () => {
    const { cache, l2, events } = setUpL2();
    l2.entries.set('shop:v:key', Buffer.from('somebody else has put this here'));

    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    expect(cache.statistics().tiers.l2).toMatchObject({ hits: 0, misses: 0, errors: 1 });
    expect(events).toMatchObject([
      { type: 'entry-corrupted', cache: 'shop', tier: 'l2', key: 'key', error: { name: 'TypeError' } },
    ]);
  });

  it('does not spoil the others of a batch', async () => {
    const { cache, l2, clock } = setUpL2();
    await cache.set('good', 1);
    l2.entries.set('shop:v:bad', 'text');
    const other = createCache({ namespace: 'shop', ttlMs: 1_000, clock, l2 });

    expect(await other.getMany(['good', 'bad'])).toEqual(new Map([['good', 1]]));
  });

  it('is none for being beyond measure in memory: it is given out, and so are the others of a batch', async () => {
    const { cache, l2, clock } = setUpL2();
    await cache.set('null', null);
    await cache.set('text', 'text');
    const sizeOf = (value: unknown): number => (value as string).length;
    const other = createCache({ namespace: 'shop', ttlMs: 1_000, clock, l2, l1: { sizeOf } });

    for (let read = 0; read < 2; read += 1) {
      expect(await Promise.all([other.get('null'), other.get('text')])).toEqual([null, 'text']);
      expect(await other.get('loaded', () => null)).toBeNull();
    }
    expect([other.peek('null'), other.peek('text')]).toEqual([undefined, 'text']);
  });

  it('may be one of another codec', async () => {
    const { cache, l2, clock } = setUpL2();
    await cache.set('key', 1);
    const codec: Codec = { id: 16, encode: () => Buffer.from('x'), decode: () => 'decoded' };
    const other = createCache({ namespace: 'shop', ttlMs: 1_000, clock, l2, codec });
    expect(await other.get('key')).toBeUndefined();

    await other.set('key', 2);
    expect(await createCache({ namespace: 'shop', ttlMs: 1_000, clock, l2, codec }).get('key')).toBe(
      'decoded',
    );
  });

  it('is not made of a loaded value that cannot be encoded: memory alone holds that', async () => {
    const { cache, l2, events } = setUpL2();

    const symbol = Symbol('no codec takes it');
    expect(await cache.get('key', () => symbol)).toBe(symbol);
    await settle();
    expect(cache.peek('key')).toBe(symbol);
    expect(l2.entries.size).toBe(0);
    expect(events).toMatchObject([
      { type: 'encode-failed', cache: 'shop', key: 'key', error: { code: 'ERR_CACHE_ENCODE' } },
    ]);
  });
});
