import { ManualClock } from '@holdfast/core/testing';
import { type ICache, MemoryCache } from '@holdfast/tiered-cache';
import { bentocacheDriver, type BentocacheDriver } from '@holdfast/tiered-cache/bentocache';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import type { CreateDriverResult, L2CacheDriver } from 'bentocache/types';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { counted } from '../rig.ts';
import { ScriptedStore } from '../scripted-store.ts';
import { brokenCache } from './broken-cache.ts';

const driverOver = (cache: ICache, prefix?: string): BentocacheDriver =>
  bentocacheDriver(cache).factory({ prefix });

/** A bentocache with one store: memory of its own before `cache`, or `cache` alone. */
function bentoOver(cache: ICache, l1: 'with L1' | 'without L1' = 'with L1', prefix?: string) {
  const layer = bentocacheDriver(cache, prefix === undefined ? {} : { prefix });
  const store = bentostore().useL2Layer(layer);
  const stores = { main: l1 === 'with L1' ? store.useL1Layer(memoryDriver()) : store };
  return new BentoCache({ default: 'main', ttl: '10m', stores });
}

describe('bentocacheDriver', () => {
  it.each(['with L1', 'without L1'] as const)(
    'keeps values for another process, falsy ones too, %s',
    async (l1) => {
      const cache = new MemoryCache();
      const values = [0, '', false, null, { id: 1 }, 'text'];
      const writer = bentoOver(cache, l1);
      for (const [index, value] of values.entries()) await writer.set({ key: `${index}`, value });

      const reader = bentoOver(cache, l1);
      const load = counted(() => 'loaded');
      for (const [index, value] of values.entries()) {
        expect(await reader.get({ key: `${index}` })).toEqual(value);
        expect(await reader.getOrSet<unknown>({ key: `${index}`, factory: load })).toEqual(value);
      }
      expect(load.calls).toBe(0);
      expect(await reader.get({ key: 'missing' })).toBeUndefined();
    },
  );

  it('serves getOrSet, has, pull, expire, delete, deleteMany, deleteByTag, namespaces and clear', async () => {
    const bento = bentoOver(new MemoryCache(), 'without L1');
    const load = counted(() => 'loaded');
    expect(await bento.getOrSet({ key: 'a', factory: load })).toBe('loaded');
    expect(await bento.getOrSet({ key: 'a', factory: load })).toBe('loaded');
    expect(load.calls).toBe(1);
    expect(await bento.has({ key: 'a' })).toBe(true);
    expect(await bento.pull('a')).toBe('loaded');
    expect(await bento.missing({ key: 'a' })).toBe(true);

    for (const key of ['a', 'b', 'c', 'd']) await bento.set({ key, value: key, tags: [`tag of ${key}`] });
    await bento.delete({ key: 'a' });
    await bento.deleteMany({ keys: ['b'] });
    await bento.deleteByTag({ tags: ['tag of c'] });
    const held = await Promise.all(['a', 'b', 'c', 'd'].map((key) => bento.get({ key })));
    expect(held).toEqual([undefined, undefined, undefined, 'd']);

    await bento.namespace('users').set({ key: 'd', value: 'of users' });
    await bento.expire({ key: 'd' });
    expect(await bento.get({ key: 'd' })).toBeUndefined();
    expect(await bento.namespace('users').get({ key: 'd' })).toBe('of users');
    await bento.clear();
    expect(await bento.namespace('users').get({ key: 'd' })).toBeUndefined();
  });

  it('gives the cache the life that bentocache means', async () => {
    const clock = new ManualClock();
    const driver = driverOver(new MemoryCache({ clock }));
    await driver.set('short', '1', 1_000);
    await driver.set('long', '1', 30 * 86_400_000);
    await driver.set('endless', '1');
    await driver.set('also endless', '1', 0);
    await driver.set('gone', '1', -1);

    expect(await driver.get('gone')).toBeUndefined();
    await clock.advance(1_000);
    expect(await driver.get('short')).toBeUndefined();
    // A life over 24.8 days has ended at once in timers of others.
    expect(await driver.get('long')).toBe('1');
    await clock.advance(400 * 86_400_000);
    expect(await driver.get('long')).toBeUndefined();
    expect(await driver.get('endless')).toBe('1');
    expect(await driver.get('also endless')).toBe('1');
  });

  it('clears a namespace and those within it, and nothing whose name or key begins alike', async () => {
    const root = driverOver(new MemoryCache(), 'app');
    const users = root.namespace('users');
    const posts = users.namespace('posts');
    const neighbours = [root.namespace('usersAbc'), root.namespace('user'), root.namespace('users*')];
    for (const driver of [root, users, posts, ...neighbours]) await driver.set('abc', '1');
    await root.set('usersAbc', '1');

    await users.clear();

    expect(await users.get('abc')).toBeUndefined();
    expect(await posts.get('abc')).toBeUndefined();
    expect(await root.get('users:posts:abc')).toBeUndefined();
    for (const driver of [root, ...neighbours]) expect(await driver.get('abc')).toBe('1');
    expect(await root.get('usersAbc')).toBe('1');
  });

  it('takes a namespace with a colon for one within the other', async () => {
    const root = driverOver(new MemoryCache(), 'app');
    await root.namespace('users:posts').set('a', '1');
    await root.namespace('users').namespace('posts').set('b', '2');

    expect(await root.namespace('users').namespace('posts').get('a')).toBe('1');
    expect(await root.namespace('users:posts').get('b')).toBe('2');
    await root.namespace('users').clear();
    expect(await root.namespace('users:posts').get('a')).toBeUndefined();
  });

  it('keeps prefixes apart, and what others hold in the cache', async () => {
    const cache = new MemoryCache();
    const prefixes = ['app', 'app2', 'app:users', undefined, 'ключ'];
    const drivers = prefixes.map((prefix) => driverOver(cache, prefix));
    for (const [index, driver] of drivers.entries()) await driver.set('users:a', `${index}`);
    await cache.set('app:users:b', 'of somebody else');

    await drivers[0]?.clear();

    const held = await Promise.all(drivers.map((driver) => driver.get('users:a')));
    expect(held).toEqual([undefined, '1', '2', '3', '4']);
    expect(await drivers[0]?.get('users:b')).toBeUndefined();
    expect(await cache.get('app:users:b')).toBe('of somebody else');
  });

  it('reads its own prefix, or that of the bentocache that uses it', async () => {
    const cache = new MemoryCache();
    await bentoOver(cache, 'without L1').set({ key: 'a', value: 1 });
    await bentoOver(cache, 'without L1', 'own').set({ key: 'b', value: 2 });

    expect(await driverOver(cache, 'bentocache').get('a')).toContain('"value":1');
    expect(await driverOver(cache, 'own').get('b')).toContain('"value":2');
    expect(await driverOver(cache, 'own').get('a')).toBeUndefined();
  });

  it('takes what is no text of its own for a miss', async () => {
    const cache = new MemoryCache();
    const driver = driverOver(cache, 'app');
    await driver.set('key', 'text');
    for (const foreign of [7, 'text', null, { value: 'text' }, { value: 'text', marks: 'x' }]) {
      await cache.set('app:key', foreign);
      expect(await driver.get('key')).toBeUndefined();
      expect(await driver.pull('key')).toBeUndefined();
    }
  });

  it('rejects what the cache rejects', async () => {
    const driver = driverOver(brokenCache(), 'app');
    const attempts = [
      () => driver.get('key'),
      () => driver.pull('key'),
      () => driver.set('key', '1'),
      () => driver.delete('key'),
      () => driver.deleteMany(['key']),
      () => driver.clear(),
    ];

    for (const attempt of attempts) await expect(attempt()).rejects.toThrow('the cache is down');
  });

  it('leaves a bentocache with memory working while the cache is down', async () => {
    const bento = bentoOver(brokenCache());

    expect(await bento.getOrSet({ key: 'key', factory: () => 'loaded' })).toBe('loaded');
    expect(await bento.get({ key: 'key' })).toBe('loaded');
    expect(await bento.delete({ key: 'key' })).toBe(true);
    expect(await bento.get({ key: 'key' })).toBeUndefined();
  });

  it('disposes the cache when bentocache is disconnected', async () => {
    const cache = new ScriptedStore(new ManualClock());
    const bento = bentoOver(cache);
    await bento.set({ key: 'a', value: 1 });
    await bento.disconnect();

    expect(cache.disposed).toBe(true);
  });

  it.each([
    [
      () => bentocacheDriver({} as never),
      'cache must be an object with getMany(), set(), delete(), got an object',
    ],
    [
      () => bentocacheDriver(new MemoryCache(), { prefix: '' }),
      "prefix must be a string that is not empty, got ''",
    ],
    [() => driverOver(new MemoryCache(), 'a\ud800'), "prefix must be well-formed Unicode, got 'a\ud800'"],
  ])('refuses bad input %#', (make, message) => {
    expect(make).toThrow(message);
  });

  it('is a driver to bentocache by type', () => {
    expectTypeOf<BentocacheDriver>().toExtend<L2CacheDriver>();
    expectTypeOf<ReturnType<typeof bentocacheDriver>>().toExtend<CreateDriverResult<L2CacheDriver>>();
  });
});
