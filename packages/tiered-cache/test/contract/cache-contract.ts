// Makes suites for others: the titles are theirs.
/* oxlint-disable vitest/valid-title */
import type { ICache, SharedCache } from '@holdfast/tiered-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** One cache under test, and how time passes for it. */
export interface CacheUnderTest {
  readonly cache: ICache;
  /** Lets `ms` milliseconds pass where the cache measures the lives of entries. */
  readonly pass: (ms: number) => Promise<void>;
}

const values = [0, -1.5, '', 'text', 'ünïcödé \u{1F600}', false, true, null, [], {}, { a: [1, { b: null }] }];

/** What every implementation of `ICache` owes its callers. */
export function cacheContract(title: string, open: () => CacheUnderTest | Promise<CacheUnderTest>): void {
  describe(title, () => {
    let cache: ICache;
    let pass: (ms: number) => Promise<void>;

    beforeEach(async () => {
      ({ cache, pass } = await open());
    });

    afterEach(async () => {
      await cache[Symbol.asyncDispose]();
    });

    it.each(values.map((value) => [value]))(
      'gives %j back as it was set, one by one and many at once',
      async (value) => {
        await cache.set('one', value);
        await cache.setMany([['two', value]]);

        expect(await cache.get('one')).toEqual(value);
        expect(await cache.getMany(['one', 'two'])).toEqual(
          new Map([
            ['one', value],
            ['two', value],
          ]),
        );
      },
    );

    it('has nothing under a key that was not set', async () => {
      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.getMany(['key', 'other'])).toEqual(new Map());
      expect(await cache.getMany([])).toEqual(new Map());
    });

    it('refuses undefined', async () => {
      await expect(cache.set('key', undefined)).rejects.toMatchObject({ option: 'value' });
      await expect(cache.setMany([['key', undefined]])).rejects.toMatchObject({ option: 'value' });
    });

    it('keeps keys apart, whatever they are made of', async () => {
      const keys = [
        'a',
        'A',
        'a:b',
        'a b',
        '{a}',
        '*',
        'a*',
        '__proto__',
        'constructor',
        'ключ',
        "'",
        '"',
        '%',
        '\n',
      ];
      await cache.setMany(keys.map((key, index) => [key, index]));

      expect(await cache.getMany(keys)).toEqual(new Map(keys.map((key, index) => [key, index])));
      for (const [index, key] of keys.entries()) expect(await cache.get(key)).toBe(index);
    });

    it('tells long keys apart, and those with NUL characters', async () => {
      const long = 'k'.repeat(10_000);
      const keys = ['\0', 'a', 'a\0', 'a\0b', 'a\0c', long, `${long}a`, `${long}b`];
      await cache.setMany(keys.map((key, index) => [key, index]));

      expect(await cache.getMany(keys)).toEqual(new Map(keys.map((key, index) => [key, index])));
      for (const [index, key] of keys.entries()) expect(await cache.get(key)).toBe(index);
      expect(await cache.deleteMany(['a\0b', `${long}b`])).toBe(2);
      expect(new Set((await cache.getMany(keys)).values())).toEqual(new Set([0, 1, 2, 4, 5, 6]));
    });

    it('replaces a value and its life', async () => {
      await cache.set('key', 1, { ttlMs: 300 });
      await cache.set('key', 2);
      await pass(400);

      expect(await cache.get('key')).toBe(2);
    });

    it('drops an entry when its life is over, and not before', async () => {
      await cache.set('short', 1, { ttlMs: 300 });
      await cache.setMany([['long', 2]], { ttlMs: 60_000 });
      expect(await cache.get('short')).toBe(1);

      await pass(400);

      expect(await cache.get('short')).toBeUndefined();
      expect(await cache.getMany(['short', 'long'])).toEqual(new Map([['long', 2]]));
      expect(await cache.delete('short')).toBe(false);
    });

    it.each([0.5, 1, 25 * 86_400_000, 10 * 365 * 86_400_000, 1e15, 1e300, Infinity])(
      'takes a life of %d ms',
      async (ttlMs) => {
        await cache.set('key', 1, { ttlMs });
        await pass(5);

        expect(await cache.get('key')).toBe(ttlMs <= 5 ? undefined : 1);
      },
    );

    it('stores nothing for a life of 0 ms and drops what was held', async () => {
      await cache.set('key', 1);
      await cache.set('key', 2, { ttlMs: 0 });

      expect(await cache.get('key')).toBeUndefined();
    });

    it.each([-1, Number.NaN, -Infinity])('refuses a life of %d ms', async (ttlMs) => {
      await expect(cache.set('key', 1, { ttlMs })).rejects.toMatchObject({ option: 'ttlMs' });
    });

    it('tells whether a deleted key was held', async () => {
      await cache.set('key', 1);

      expect(await cache.delete('key')).toBe(true);
      expect(await cache.delete('key')).toBe(false);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('tells how many of the deleted keys were held, each counted once', async () => {
      await cache.setMany([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]);

      expect(await cache.deleteMany(['a', 'b', 'b', 'missing'])).toBe(2);
      expect(await cache.deleteMany([])).toBe(0);
      expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['c', 3]]));
    });

    it('is empty after clear and goes on', async () => {
      await cache.setMany(Array.from({ length: 50 }, (_, index) => [`key ${index}`, index] as const));
      await cache.clear();
      await cache.clear();

      expect(await cache.get('key 7')).toBeUndefined();
      expect(await cache.getMany(['key 1', 'key 2'])).toEqual(new Map());
      expect(await cache.delete('key 3')).toBe(false);

      await cache.set('key 7', 'new');
      expect(await cache.get('key 7')).toBe('new');
    });

    it('holds what was set last by concurrent sets of one caller', async () => {
      await Promise.all([cache.set('key', 1), cache.set('key', 2), cache.set('key', 3)]);

      expect(await cache.get('key')).toBe(3);
    });

    it('says what it can do', () => {
      const names = ['compareAndSet', 'log', 'sync', 'tags', 'ttl'];

      expect(Object.keys(cache.capabilities).toSorted()).toEqual(names);
      expect(cache.capabilities.ttl).toBe(true);
    });
  });
}

/** What a cache owes those who share it. */
export function sharedCacheContract(
  title: string,
  open: () => CacheUnderTest | Promise<CacheUnderTest>,
): void {
  describe(title, () => {
    it('keeps the parts of its owners apart, also when one is cleared', async () => {
      const { cache } = await open();
      if (!('bytes' in cache)) throw new Error('not a shared cache');
      const shared = cache as SharedCache;
      const users = shared.bytes('users');
      const abc = shared.bytes('usersAbc');
      await shared.set('key', 'own');
      await users.set('key', Buffer.from('1'));
      await abc.set('key', Buffer.from('2'));

      await users.clear();

      expect(await users.get('key')).toBeUndefined();
      expect(Buffer.from((await abc.get('key')) ?? []).toString()).toBe('2');
      expect(await shared.get('key')).toBe('own');

      await shared.clear();
      expect(Buffer.from((await abc.get('key')) ?? []).toString()).toBe('2');
      await shared[Symbol.asyncDispose]();
    });

    it('gives any bytes back as they were set', async () => {
      const { cache } = await open();
      const part = (cache as SharedCache).bytes('part');
      const bytes = Buffer.from([0, 1, 255, 10, 13, 0]);
      await part.set('key', bytes);
      await part.set('none', Buffer.alloc(0));

      expect(Buffer.from((await part.get('key')) ?? [])).toEqual(bytes);
      expect(Buffer.from((await part.getMany(['none', 'key'])).get('none') ?? [9])).toEqual(Buffer.alloc(0));
      await cache[Symbol.asyncDispose]();
    });
  });
}
