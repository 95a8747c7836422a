import { ManualClock } from '@holdfast/core/testing';
import { type ICache, MemoryCache, type TieredCache } from '@holdfast/tiered-cache';
import { type AdaptableCache, KeyvAdapter } from '@holdfast/tiered-cache/keyv';
import { Keyv, type KeyvBridgeStore } from 'keyv';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { ScriptedStore } from '../scripted-store.ts';
import { brokenCache } from './broken-cache.ts';
import { Keyv5, type KeyvStore5 } from './keyv-5.ts';

/** What both versions of Keyv offer, in the words of Keyv 6. */
interface AnyKeyv {
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<unknown>;
  delete(key: string): Promise<boolean>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  on(event: string, listener: (error: Error) => void): unknown;
}

type Serialization = 'as text' | 'as objects';

const versions: [string, (store: object, namespace?: string, serialization?: Serialization) => AnyKeyv][] = [
  [
    'Keyv 5',
    (store, namespace, serialization) => {
      const keyv = new Keyv5({ store, ...(namespace === undefined ? {} : { namespace }) });
      if (serialization !== 'as objects') return keyv as AnyKeyv;
      keyv.serialize = undefined;
      keyv.deserialize = undefined;
      return keyv as AnyKeyv;
    },
  ],
  [
    'Keyv 6',
    (store, namespace, serialization) =>
      new Keyv({
        store,
        ...(namespace === undefined ? {} : { namespace }),
        ...(serialization === 'as objects' ? { serialization: false as const } : {}),
      }) as AnyKeyv,
  ],
];

const falsy = [0, '', false, null];

describe.each(versions)('KeyvAdapter under %s', (_version, keyvOver) => {
  it.each(falsy.flatMap((value) => (['as text', 'as objects'] as const).map((how) => [value, how] as const)))(
    'finds %j, kept %s, one by one and many at once',
    async (value, how) => {
      const keyv = keyvOver(new KeyvAdapter(new MemoryCache()), 'users', how);
      await keyv.set('one', value);
      await keyv.setMany([{ key: 'two', value }]);

      expect(await keyv.get('one')).toBe(value);
      expect(await keyv.getMany(['one', 'missing', 'two'])).toEqual([value, undefined, value]);
      expect(await keyv.has('one')).toBe(true);
      expect(await keyv.hasMany(['two', 'missing'])).toEqual([true, false]);
    },
  );

  it('drops an entry when its life is over, and one without a life never', async () => {
    const clock = new ManualClock();
    const keyv = keyvOver(new KeyvAdapter(new MemoryCache({ clock })));
    await keyv.set('short', 1, 300_000);
    await keyv.setMany([
      { key: 'shorter', value: 2, ttl: 200_000 },
      { key: 'long', value: 3, ttl: 400_000 },
      { key: 'endless', value: 4 },
    ]);

    await clock.advance(350_000);

    expect(await keyv.getMany(['short', 'shorter', 'long', 'endless'])).toEqual([undefined, undefined, 3, 4]);
    await clock.advance(100 * 86_400_000);
    expect(await keyv.getMany(['long', 'endless'])).toEqual([undefined, 4]);
  });

  it('keeps a life of more than 24.8 days, which a timer could not', async () => {
    const clock = new ManualClock();
    const keyv = keyvOver(new KeyvAdapter(new MemoryCache({ clock })));
    await keyv.set('key', 1, 30 * 86_400_000);

    await clock.advance(29 * 86_400_000);

    expect(await keyv.get('key')).toBe(1);
  });

  it('replaces a value together with its life', async () => {
    const clock = new ManualClock();
    const keyv = keyvOver(new KeyvAdapter(new MemoryCache({ clock })));
    await keyv.set('key', 'old', 100_000);
    await keyv.set('key', 'new');

    await clock.advance(200_000);

    expect(await keyv.get('key')).toBe('new');
  });

  it('clears a namespace and none that begins alike', async () => {
    const cache = new MemoryCache();
    const names = [
      'users',
      'usersAbc',
      'users:abc',
      'user',
      'users*',
      'u?ers',
      '',
      '@users',
      'ключ',
      '[u]sers',
    ];
    const keyvs = names.map((name) => keyvOver(new KeyvAdapter(cache), name));
    await cache.set('users', 'not of a Keyv');
    for (const [index, keyv] of keyvs.entries()) await keyv.set('abc', index);

    await keyvs[0]?.clear();

    const held = await Promise.all(keyvs.map((keyv) => keyv.get('abc')));
    expect(held).toEqual([undefined, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await cache.get('users')).toBe('not of a Keyv');
    await keyvs[0]?.set('abc', 'again');
    expect(await keyvs[0]?.get('abc')).toBe('again');
  });

  it('keeps namespaces apart whose names and keys together read the same', async () => {
    const cache = new MemoryCache();
    const one = keyvOver(new KeyvAdapter(cache), 'a');
    const other = keyvOver(new KeyvAdapter(cache), 'a:b');
    await one.set('b:c', 1);
    await other.set('c', 2);

    expect(await one.get('b:c')).toBe(1);
    expect(await other.get('c')).toBe(2);
  });

  it('takes keys of any kind', async () => {
    const keyv = keyvOver(new KeyvAdapter(new MemoryCache()), 'users');
    const keys = [
      'a:b',
      'users:a',
      '*',
      'a*',
      '?',
      '[a]',
      '{a}',
      '@users',
      ' ',
      '__proto__',
      'ключ',
      '\n',
      '%',
    ];
    for (const [index, key] of keys.entries()) await keyv.set(key, index);

    expect(await Promise.all(keys.map((key) => keyv.get(key)))).toEqual(keys.map((_key, index) => index));
    await keyv.delete('*');
    expect(await keyv.get('a*')).toBe(3);
  });

  it('tells whether what was deleted was held', async () => {
    const keyv = keyvOver(new KeyvAdapter(new MemoryCache()));
    await keyv.set('key', 0);

    expect(await keyv.delete('key')).toBe(true);
    expect(await keyv.delete('key')).toBe(false);
    await keyv.set('key', 0);
    await keyv.clear();
    expect(await keyv.delete('key')).toBe(false);
  });

  it('shows a failing cache as a miss, and a failed write as one', async () => {
    const keyv = keyvOver(new KeyvAdapter(brokenCache()));
    const errors: string[] = [];
    keyv.on('error', (error) => errors.push(error.message));

    expect(await keyv.get('key')).toBeUndefined();
    expect(await keyv.set('key', 1)).toBe(false);
    expect(await keyv.delete('key')).toBe(false);
    await keyv.clear();
    expect(errors.length).toBeGreaterThanOrEqual(3);
    expect(new Set(errors)).toEqual(new Set(['the cache is down']));
  });

  it('disposes the cache when it is disconnected', async () => {
    const cache = new ScriptedStore(new ManualClock());
    await keyvOver(new KeyvAdapter(cache)).disconnect();

    expect(cache.disposed).toBe(true);
  });
});

describe('KeyvAdapter', () => {
  it('rejects what the cache rejects', async () => {
    const adapter = new KeyvAdapter(brokenCache());
    const attempts = [
      () => adapter.get('key'),
      () => adapter.getMany(['key']),
      () => adapter.set('key', 1),
      () => adapter.setMany([{ key: 'key', value: 1 }]),
      () => adapter.has('key'),
      () => adapter.hasMany(['key']),
      () => adapter.delete('key'),
      () => adapter.deleteMany(['key']),
      () => adapter.clear(),
    ];

    for (const attempt of attempts) await expect(attempt()).rejects.toThrow('the cache is down');
  });

  it('takes undefined for no value', async () => {
    const adapter = new KeyvAdapter(new MemoryCache());

    await expect(adapter.set('key', undefined)).rejects.toMatchObject({ option: 'value' });
    expect(await adapter.get('key')).toBeUndefined();
    expect(await adapter.has('key')).toBe(false);
  });

  it('keeps nothing for a life of 0 or less, and drops what was held', async () => {
    const adapter = new KeyvAdapter(new MemoryCache());
    await adapter.setMany([
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
    ]);
    await adapter.set('a', 2, 0);
    await adapter.setMany([{ key: 'b', value: 2, ttl: -5 }]);

    expect(await adapter.getMany(['a', 'b'])).toEqual([undefined, undefined]);
  });

  it('tells whether all of the deleted keys were held', async () => {
    const adapter = new KeyvAdapter(new MemoryCache());
    await adapter.setMany(['a', 'b', 'c'].map((key) => ({ key, value: 1 })));

    expect(await adapter.deleteMany(['a', 'b'])).toBe(true);
    expect(await adapter.deleteMany(['b', 'c'])).toBe(false);
    expect(await adapter.hasMany(['a', 'b', 'c'])).toEqual([false, false, false]);
    expect(await adapter.deleteMany([])).toBe(true);
  });

  it('reads what Keyv 5 and Keyv 6 wrote under their own names only', async () => {
    const cache = new MemoryCache();
    await new Keyv5({ store: new KeyvAdapter(cache), namespace: 'users' }).set('a', 5);
    await new Keyv({ store: new KeyvAdapter(cache), namespace: 'users' }).set('a', 6);

    expect(await new Keyv5({ store: new KeyvAdapter(cache), namespace: 'users' }).get('a')).toBe(5);
    expect(await new Keyv({ store: new KeyvAdapter(cache), namespace: 'users' }).get('a')).toBe(6);
  });

  it('follows a namespace that is changed', async () => {
    const adapter = new KeyvAdapter(new MemoryCache());
    adapter.namespace = 'users';
    await adapter.set('key', 1);
    adapter.namespace = 'usersAbc';

    expect(await adapter.get('key')).toBeUndefined();
    await adapter.clear();
    adapter.namespace = 'users';
    expect(await adapter.get('key')).toBe(1);
  });

  it('loses nothing that two processes write at the same moment into a namespace that is new to both', async () => {
    const cache = new MemoryCache();
    const [one, other] = [new KeyvAdapter(cache), new KeyvAdapter(cache)];
    await Promise.all([one.set('a', 1), other.set('b', 2), one.set('c', 3)]);

    expect(await one.getMany(['a', 'b', 'c'])).toEqual([1, 2, 3]);
  });

  it('loses nothing that is written after another process has cleared the namespace', async () => {
    const cache = new MemoryCache();
    const [one, other] = [new KeyvAdapter(cache), new KeyvAdapter(cache)];
    await one.set('a', 1);
    await other.clear();
    await one.set('b', 2);

    expect(await other.getMany(['a', 'b'])).toEqual([undefined, 2]);
  });

  it('needs one operation on the cache for a read, and for a write another one beside it', async () => {
    const cache = new ScriptedStore(new ManualClock());
    const adapter = new KeyvAdapter(cache);
    adapter.namespace = 'users';
    await adapter.set('a', 1);
    cache.operations.length = 0;
    await adapter.get('a');
    await adapter.getMany(['a', 'b']);
    await adapter.set('a', 2);
    await adapter.clear();

    expect(cache.operations).toEqual([
      'getMany @users,users:a',
      'getMany @users,users:a,users:b',
      'getMany @users',
      'set users:a',
      'set @users',
    ]);
  });

  it('refuses a namespace that has no form of its own in UTF-8', async () => {
    const adapter = new KeyvAdapter(new MemoryCache());
    adapter.namespace = 'a\ud800';

    await expect(adapter.get('key')).rejects.toThrow('namespace must be well-formed Unicode');
  });

  it('refuses what is no cache', () => {
    expect(() => new KeyvAdapter({} as never)).toThrow(
      'cache must be an object with getMany(), set(), delete(), got an object',
    );
  });

  it('takes any cache by type, a tiered one as well', () => {
    expectTypeOf<ICache>().toExtend<AdaptableCache>();
    expectTypeOf<ICache<string>>().toExtend<AdaptableCache>();
    expectTypeOf<TieredCache>().toExtend<AdaptableCache>();
    expectTypeOf<TieredCache<{ readonly id: number }>>().toExtend<AdaptableCache>();
  });

  it('is a store to both versions by type', () => {
    expectTypeOf<KeyvAdapter>().toExtend<KeyvBridgeStore>();
    expectTypeOf<KeyvAdapter>().toExtend<Exclude<KeyvStore5, Map<unknown, unknown>>>();
  });
});
