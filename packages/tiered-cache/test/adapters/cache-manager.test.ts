import { ManualClock } from '@holdfast/core/testing';
import { createCache as createTieredCache, MemoryCache } from '@holdfast/tiered-cache';
import { KeyvAdapter } from '@holdfast/tiered-cache/keyv';
import { createCache, type Cache } from 'cache-manager';
import { describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { ScriptedStore } from '../scripted-store.ts';
import { brokenCache } from './broken-cache.ts';
import { Keyv5 } from './keyv-5.ts';

/** cache-manager with one store: an adapter over `cache`. */
const managed = (cache: ConstructorParameters<typeof KeyvAdapter>[0], namespace = 'users'): Cache =>
  createCache({ stores: [new Keyv5({ store: new KeyvAdapter(cache), namespace })] });

describe('cache-manager over a KeyvAdapter', () => {
  it.each([0, '', false, null, { id: 1 }])('finds %j in get, mget and wrap', async (value) => {
    const cache = managed(new MemoryCache());
    const load = counted(() => 'loaded');
    await cache.set('one', value);
    await cache.mset([{ key: 'two', value }]);

    expect(await cache.get('one')).toEqual(value);
    expect(await cache.mget(['one', 'missing', 'two'])).toEqual([value, undefined, value]);
    expect(await cache.wrap<unknown>('one', load)).toEqual(value);
    expect(load.calls).toBe(0);
  });

  it('knows when an entry ends, and lets it end then', async () => {
    const clock = new ManualClock();
    const cache = managed(new MemoryCache({ clock }));
    const before = Date.now();
    await cache.set('key', 1, 60_000);

    const end = (await cache.ttl('key')) ?? 0;
    expect(end).toBeGreaterThanOrEqual(before + 60_000);
    expect(end).toBeLessThanOrEqual(Date.now() + 60_000);
    await clock.advance(60_000);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('deletes one key, many keys, and a whole namespace, and nothing of a neighbour', async () => {
    const shared = new MemoryCache();
    const users = managed(shared);
    const abc = managed(shared, 'usersAbc');
    for (const cache of [users, abc])
      await cache.mset(['a', 'b', 'c', 'd'].map((key) => ({ key, value: key })));

    await users.del('a');
    await users.mdel(['b', 'c']);
    expect(await users.mget(['a', 'b', 'c', 'd'])).toEqual([undefined, undefined, undefined, 'd']);
    await users.clear();
    expect(await users.get('d')).toBeUndefined();
    expect(await abc.mget(['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c', 'd']);
  });

  it('misses while the cache behind it is down, and crashes nobody', async () => {
    const cache = managed(brokenCache());

    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.mget(['a', 'b'])).toEqual([undefined, undefined]);
    expect(await cache.wrap('key', () => 'loaded', 1_000)).toBe('loaded');
    expect(await cache.set('key', 1)).toBe(1);
    expect(await cache.mset([{ key: 'key', value: 1 }])).toHaveLength(1);
    expect(await cache.del('key')).toBe(true);
    expect(await cache.mdel(['key'])).toBe(true);
    expect(await cache.clear()).toBe(true);
  });

  it('keeps the remaining life of what moves up, where the tiers are behind one store', async () => {
    const clock = new ManualClock();
    const l2 = new ScriptedStore(clock);
    const open = (): Cache => managed(createTieredCache({ namespace: 'shop', ttlMs: 600_000, clock, l2 }));
    await open().set('key', 'value', 600_000);
    await clock.advance(599_200);

    const restarted = open();
    expect(await restarted.get('key')).toBe('value');
    await clock.advance(800);
    expect(await restarted.get('key')).toBeUndefined();
  });

  it('disposes what is behind it when it is disconnected', async () => {
    const store = new ScriptedStore(new ManualClock());
    await managed(store).disconnect();

    expect(store.disposed).toBe(true);
  });
});
