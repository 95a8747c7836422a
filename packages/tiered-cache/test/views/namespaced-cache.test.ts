import { createCache, MemoryCache, type TieredCache } from '@holdfast/tiered-cache';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';
import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';

const alone = { l2: undefined, l3: undefined } as const;

describe('a part of a cache', () => {
  it.each([
    ['users', 'usersAbc'],
    ['users', 'user'],
    ['users', 'users-2'],
    ['a', 'a.b'],
  ])('and another never touch each other: %s and %s', async (one, other) => {
    const { cache } = setUp(alone);
    const [first, second] = [cache.namespace(one), cache.namespace(other)];
    await first.set('key', 1);
    await second.set('key', 2);
    await cache.set('key', 3);

    expect([first.peek('key'), second.peek('key'), cache.peek('key')]).toEqual([1, 2, 3]);
    await first.delete('key');
    expect([first.peek('key'), second.peek('key'), cache.peek('key')]).toEqual([undefined, 2, 3]);
    await second.clear();
    expect([second.peek('key'), cache.peek('key')]).toEqual([undefined, 3]);
  });

  it('takes keys with colons, spaces and anything else that is well-formed', async () => {
    const { cache } = setUpL2();
    const users = cache.namespace('users');
    const keys = [':', 'a:b', ':a', 'a:', 'a b', 'ü', '{a}', '*', '__proto__'];
    for (const key of keys) await users.set(key, key);

    expect(await users.getMany(keys)).toEqual(new Map(keys.map((key) => [key, key])));
    for (const key of keys) expect(await users.get(key)).toBe(key);
    await users.clear();
    expect(await users.getMany(keys)).toEqual(new Map());
  });

  it.each([undefined, null, 5, {}, ''])(
    'refuses the key %j as the whole does, wherever it is given',
    async (bad) => {
      const { cache } = setUp(alone);
      const users = cache.namespace('users');
      const key = bad as string;

      for (const call of [
        () => users.get(key),
        () => users.get(key, () => 'of nobody'),
        () => users.getMany([key]),
        () => users.entry(key),
        () => users.set(key, 1),
        () => users.delete(key),
        () => users.expire(key),
      ])
        await expect(call()).rejects.toThrow(/^key must be a string that is not empty, got/u);
      expect(users.peek(key)).toBeUndefined();
    },
  );

  it('stores with its own times where those of a call are left undefined', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 1_000 });
    const users = cache.namespace('users', { ttlMs: 10_000 });
    await users.set('set', 1, { ttlMs: undefined });
    await users.get('loaded', () => 2, { ttlMs: undefined, signal: undefined });
    await clock.advance(5_000);

    expect([users.peek('set'), users.peek('loaded')]).toEqual([1, 2]);
  });

  it('is a part of the whole by its keys', async () => {
    const { cache } = setUp(alone);
    await cache.namespace('users').set('1', 'Ada');

    expect(cache.peek('users:1')).toBe('Ada');
    await cache.delete('users:1');
    expect(cache.namespace('users').peek('1')).toBeUndefined();
  });

  it('is cleared by one write, however much it holds, in every process', async () => {
    await using fleet = new Fleet(2);
    const [a, b] = fleet.nodes;
    if (a === undefined || b === undefined) throw new Error('there are two');
    const keys = Array.from({ length: 100 }, (_, index) => `${index}`);
    for (const key of keys) await a.cache.namespace('users').set(key, key);
    await a.cache.namespace('orders').set('1', 'kept');
    await b.cache.namespace('users').getMany(keys);
    a.store.operations.length = 0;
    await a.cache.namespace('users').clear();
    await fleet.clock.advance(10);

    expect(a.store.operations.filter((operation) => operation !== 'read')).toEqual(['invalidateTags']);
    expect((await b.cache.namespace('users').getMany(keys)).size).toBe(0);
    expect(await b.cache.namespace('orders').get('1')).toBe('kept');
  });

  it('is cleared for what is being loaded through it, too', async () => {
    const { cache, clock } = setUp(alone);
    const users = cache.namespace('users');
    const loading = users.get(
      '1',
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve('old'), 50)),
    );
    await clock.advance(10);
    await users.clear();
    const late = users.get('1', () => 'new');
    await clock.advance(50);

    expect([await loading, await late, users.peek('1')]).toEqual(['old', 'new', 'new']);
  });

  it('stays cleared after a restart over tiers without a log', async () => {
    const rig = setUpL2();
    await rig.cache.namespace('users').set('1', 'Ada');
    await rig.clock.advance(5);
    await rig.cache.namespace('users').clear();
    await rig.clock.advance(5);

    expect(await neighbour(rig, { l3: undefined }).namespace('users').get('1')).toBeUndefined();
  });

  it('can be made stale as a whole', async () => {
    const { cache, clock } = setUp({ ...alone, staleIfErrorMs: 60_000 });
    const users = cache.namespace('users');
    await users.set('1', 'Ada');
    await cache.set('1', 'other');
    await clock.advance(5);
    await users.expireAll();
    const fail = (): never => {
      throw new Error('source down');
    };

    expect([users.peek('1'), cache.peek('1')]).toEqual([undefined, 'other']);
    expect(await users.get('1', fail)).toBe('Ada');
  });

  it('adds its tags and times to what is stored through it, and shows only those that were asked for', async () => {
    const { cache, clock } = setUp(alone);
    const users = cache.namespace('users', { ttlMs: 50, tags: ['people'] });
    await users.set('1', 'Ada', { tags: ['admin'] });
    await users.get('2', () => 'Bob');
    await users.getMany(['3'], (keys) => new Map(keys.map((key) => [key, `user ${key}`])));
    await users.set('4', 'Eve', { ttlMs: 500 });

    expect((await users.entry('1'))?.tags).toEqual(['people', 'admin']);
    expect((await users.entry('2'))?.tags).toEqual(['people']);
    expect((await users.entry('3'))?.tags).toEqual(['people']);
    await clock.advance(50);
    expect(await users.getMany(['1', '2', '3', '4'])).toEqual(new Map([['4', 'Eve']]));
    await cache.deleteTag('people');
    expect(users.peek('4')).toBeUndefined();
  });

  it('tells its bulk loader keys without their prefix', async () => {
    const { cache } = setUp(alone);
    const asked: string[][] = [];
    const found = await cache.namespace('users').getMany(['1', '2'], (keys, context) => {
      asked.push(
        [...keys],
        keys.map((key) => context.of(key).key),
      );
      context.of('2').skip();
      return new Map(keys.map((key) => [key, `user ${key}`]));
    });

    expect(found).toEqual(
      new Map([
        ['1', 'user 1'],
        ['2', 'user 2'],
      ]),
    );
    expect(asked[0]).toEqual(['1', '2']);
    expect([cache.peek('users:1'), cache.peek('users:2')]).toEqual(['user 1', undefined]);
  });

  it('expires, deletes and shows one entry', async () => {
    const { cache } = setUp({ ...alone, staleIfErrorMs: 1_000 });
    const users = cache.namespace('users');
    await users.set('1', 'Ada', { version: 3 });
    expect(await users.entry('1')).toMatchObject({ value: 'Ada', state: 'fresh', version: 3, tags: [] });
    await users.expire('1');
    expect(await users.entry('1')).toMatchObject({ value: 'Ada', state: 'stale' });
    await users.delete('1');

    expect(await users.entry('1')).toBeUndefined();
  });

  it('shares one load with whoever asks for the same key otherwise', async () => {
    const { cache } = setUp(alone);
    const load = counted(() => 'Ada');
    const users = cache.namespace('users');

    expect(await Promise.all([users.get('1', load), users.get('1', load)])).toEqual(['Ada', 'Ada']);
    expect(load.calls).toBe(1);
  });

  it.each(['', 'a:b', 'a b', 'ü', '*', 1 as never])('cannot be called %j', (name) => {
    const { cache } = setUp(alone);

    expect(() => cache.namespace(name)).toThrow(
      "name must be made of letters, digits, '.', '_' and '-', got",
    );
  });

  it('refuses what the cache refuses', async () => {
    const users = setUp(alone).cache.namespace('users');

    await expect(users.set('1', undefined as never)).rejects.toThrow('value must be');
    await expect(users.set('1', 1, { ttlMs: -1 })).rejects.toThrow('ttlMs must be');
    await expect(users.set('1', 1, { tags: 'red' as never })).rejects.toThrow('tags must be a list of texts');
    await expect(users.get('\uD800')).rejects.toThrow('key must be well-formed Unicode');
    await expect(users.get('1', 'loader' as never)).rejects.toThrow('loader must be a function');
  });

  it('has values of the type that it was made with', () => {
    const cache: TieredCache<number | string> = createCache({ namespace: 'n', ttlMs: 1_000 });
    const numbers = cache.namespace<number>('numbers');

    expectTypeOf(numbers.peek('key')).toEqualTypeOf<number | undefined>();
    expectTypeOf(numbers.get('key')).resolves.toEqualTypeOf<number | undefined>();
    expectTypeOf<Parameters<typeof numbers.set>[1]>().toEqualTypeOf<number>();
  });

  it('lives in a shared cache without touching what others keep there', async () => {
    const shared = new MemoryCache();
    const cache = createCache({ namespace: 'n', ttlMs: 1_000, l2: shared });
    await shared.set('foreign', 1);
    await cache.namespace('users').set('1', 'Ada');
    await cache.namespace('users').clear();

    expect(await shared.get('foreign')).toBe(1);
    await cache[Symbol.asyncDispose]();
  });
});
