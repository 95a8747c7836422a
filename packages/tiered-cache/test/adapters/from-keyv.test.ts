import { ManualClock } from '@holdfast/core/testing';
import { createCache, type ICache, MemoryCache, type SharedCache } from '@holdfast/tiered-cache';
import { fromKeyv, KeyvAdapter } from '@holdfast/tiered-cache/keyv';
import { Keyv, KeyvBridgeAdapter, KeyvMemoryAdapter } from 'keyv';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { cacheContract, sharedCacheContract } from '../contract/cache-contract.ts';
import { Keyv5 } from './keyv-5.ts';

/** Where a Keyv may keep its entries, and what it is then handed over as. */
const stores: [string, () => Parameters<typeof fromKeyv>[0]][] = [
  ['a Keyv 5 on a Map', () => new Keyv5()],
  ['a Keyv 5 without a namespace', () => new Keyv5({ namespace: '' })],
  ['a Keyv 5 on a store', () => new Keyv5({ store: new KeyvAdapter(new MemoryCache()) })],
  ['a Keyv 6', () => new Keyv()],
  ['a Keyv 6 in a namespace', () => new Keyv({ namespace: 'users' })],
  ['a Keyv 6 on a store of Keyv 5', () => new Keyv({ store: new KeyvAdapter(new MemoryCache()) })],
  ['a store of Keyv 6', () => new KeyvMemoryAdapter(new Map(), { namespace: 'users' })],
  ['a bridge of Keyv 6', () => new KeyvBridgeAdapter(new KeyvAdapter(new MemoryCache()))],
  ['a Map', () => new Map()],
];

for (const [title, open] of stores) {
  const underTest = (): { cache: ICache; pass: (ms: number) => Promise<void> } => {
    const clock = new ManualClock(Date.now());
    return { cache: fromKeyv(open(), { clock }), pass: (ms) => clock.advance(ms) };
  };
  // The clock of Keyv's stores is that of the machine, and stands still next to ours.
  cacheContract(`fromKeyv of ${title}`, underTest);
  sharedCacheContract(`fromKeyv of ${title}, shared`, underTest);
}

/** A store that notes the lives it is given. */
function noting(expires: boolean): { readonly lives: (number | undefined)[]; readonly store: object } {
  const lives: (number | undefined)[] = [];
  const entries = new Map<string, string>();
  const store = {
    capabilities: { expires },
    get: async (key: string) => entries.get(key),
    set: async (key: string, value: string, life?: number) => {
      lives.push(life);
      entries.set(key, value);
    },
    delete: async (key: string) => entries.delete(key),
  };
  return { lives, store };
}

describe('fromKeyv', () => {
  it('gives a store of Keyv 5 the life that is left, in whole milliseconds', async () => {
    const { lives, store } = noting(false);
    await fromKeyv(store as never, { clock: new ManualClock() }).set('key', 1, { ttlMs: 1_000.2 });

    expect(lives.at(-1)).toBe(1_001);
  });

  it('gives a store of Keyv 6 the end of the life', async () => {
    const { lives, store } = noting(true);
    const clock = new ManualClock(1_700_000_000_000);
    await fromKeyv(store as never, { clock }).set('key', 1, { ttlMs: 1_000 });

    expect(lives.at(-1)).toBe(1_700_000_001_000);
  });

  it('gives no life to what has no end', async () => {
    const { lives, store } = noting(true);
    const cache = fromKeyv(store as never);
    await cache.set('key', 1);
    await cache.set('key', 1, { ttlMs: 1e300 });

    expect(new Set(lives)).toEqual(new Set([undefined]));
  });

  it('rejects what the store rejects, deletions included, although a Keyv would not', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('the store is down'));
    const store = { get: fail, set: fail, delete: fail, clear: fail, has: fail };
    for (const keyv of [new Keyv5({ store }), new Keyv({ store })]) {
      const cache = fromKeyv(keyv);

      await expect(cache.get('key')).rejects.toThrow('the store is down');
      await expect(cache.getMany(['key'])).rejects.toThrow('the store is down');
      await expect(cache.set('key', 1)).rejects.toThrow('the store is down');
      await expect(cache.delete('key')).rejects.toThrow('the store is down');
      await expect(cache.clear()).rejects.toThrow('the store is down');
    }
  });

  it('rejects a write that the store refuses without a word', async () => {
    const store = { get: async () => undefined, set: async () => false, delete: async () => false };

    await expect(fromKeyv(store).set('key', 1)).rejects.toMatchObject({
      code: 'ERR_CACHE_STORE_REFUSED',
      store: 'keyv',
    });
  });

  it('leaves alone what the Keyv and its neighbours hold, also when it is cleared', async () => {
    const map = new Map();
    const own = new Keyv5({ store: map, namespace: 'users' });
    const neighbour = new Keyv5({ store: map, namespace: 'usersAbc' });
    await own.set('key', 'of the Keyv');
    await neighbour.set('key', 'of the neighbour');
    const cache = fromKeyv(own);
    await cache.set('other', 1);

    await cache.clear();

    expect(await cache.get('other')).toBeUndefined();
    expect(await own.get('key')).toBe('of the Keyv');
    expect(await neighbour.get('key')).toBe('of the neighbour');
  });

  it('keeps two Keyvs on one store apart', async () => {
    const map = new Map();
    const one = fromKeyv(new Keyv5({ store: map, namespace: 'users' }));
    const other = fromKeyv(new Keyv5({ store: map, namespace: 'usersAbc' }));
    await one.set('key', 1);
    await other.set('key', 2);

    expect(await one.get('key')).toBe(1);
    expect(await other.get('key')).toBe(2);
  });

  it('drops an entry the moment its life is over', async () => {
    const clock = new ManualClock();
    const cache = fromKeyv(new Map(), { clock });
    await cache.set('key', 1, { ttlMs: 1_000 });

    await clock.advance(999);
    expect(await cache.get('key')).toBe(1);
    await clock.advance(1);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('takes what somebody else has put there for a miss', async () => {
    const map = new Map<string, unknown>();
    const cache = fromKeyv(map);
    await cache.set('key', 1);
    const name = [...map.keys()].find((held) => !held.startsWith('@')) ?? '';
    for (const foreign of [
      'text',
      '"text"',
      'null',
      '7',
      '{"value":1}',
      '{"value":{"marks":1}}',
      7,
      null,
      {},
    ]) {
      map.set(name, foreign);

      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.getMany(['key'])).toEqual(new Map());
    }
  });

  it('has only misses after its mark was lost', async () => {
    const map = new Map<string, unknown>();
    const cache = fromKeyv(map);
    await cache.set('key', 'old');
    for (const name of [...map.keys()].filter((held) => held.startsWith('@'))) map.delete(name);

    expect(await cache.get('key')).toBeUndefined();
    await cache.set('other', 'new');
    expect(await cache.get('other')).toBe('new');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('is a tier that keeps an entry for the next process, with its remaining life', async () => {
    const clock = new ManualClock(Date.now());
    const keyv = new Keyv();
    const open = () =>
      createCache({ namespace: 'shop', ttlMs: 10_000, clock, l2: fromKeyv(keyv, { clock }) });
    const before = open();
    await before.set('key', { id: 0 });
    await before[Symbol.asyncDispose]();
    await clock.advance(9_000);

    await using after = open();
    expect(await after.get('key')).toEqual({ id: 0 });
    await clock.advance(1_000);
    expect(await after.get('key')).toBeUndefined();
  });

  it('clears one of two caches that share a Keyv', async () => {
    const keyv = new Keyv5();
    const open = (namespace: string) =>
      createCache({ namespace, ttlMs: 10_000, l1: false, l2: fromKeyv(keyv) });
    await using users = open('users');
    await using others = open('usersAbc');
    await users.set('key', 1);
    await others.set('key', 2);

    await users.clear();

    expect(await users.get('key')).toBeUndefined();
    expect(await others.get('key')).toBe(2);
  });

  it('refuses a value that JSON has no text for, and changes nothing', async () => {
    const cache = fromKeyv(new Map());
    await cache.set('key', 'old');

    await expect(cache.set('key', () => 1)).rejects.toThrow('JSON has no text for a value of type function');
    expect(await cache.get('key')).toBe('old');
  });

  it('writes nothing where there is nothing to write', async () => {
    const map = new Map();
    await fromKeyv(map).setMany([]);

    expect(map.size).toBe(0);
  });

  it('leaves the Keyv connected when it is disposed', async () => {
    let disconnected = false;
    const store = Object.assign(new Map(), { disconnect: () => (disconnected = true) });
    await fromKeyv(store)[Symbol.asyncDispose]();

    expect(disconnected).toBe(false);
  });

  it.each([
    [() => fromKeyv({} as never), 'keyvOrStore must be an object with get(), set(), delete(), got an object'],
    [
      () => fromKeyv(undefined as never),
      'keyvOrStore must be an object with get(), set(), delete(), got undefined',
    ],
    [
      () => fromKeyv(new Keyv({ encryption: { encrypt: String, decrypt: String } })),
      'keyvOrStore must be without compression and encryption, got an object',
    ],
    [
      () => fromKeyv(new Keyv5({ compression: {} })),
      'keyvOrStore must be without compression and encryption',
    ],
    [
      () => fromKeyv(new Map(), { clock: {} as never }),
      'clock must be an object with now(), epoch(), schedule()',
    ],
  ])('refuses bad input %#', (make, message) => {
    expect(make).toThrow(message);
  });

  it('takes Keyvs and stores of both versions by type, and is a shared cache', () => {
    type Accepted = Parameters<typeof fromKeyv>[0];

    expectTypeOf<Keyv>().toExtend<Accepted>();
    expectTypeOf<Keyv5>().toExtend<Accepted>();
    expectTypeOf<Keyv['store']>().toExtend<Accepted>();
    expectTypeOf<Keyv5['opts']['store']>().toExtend<Accepted>();
    expectTypeOf(fromKeyv<string>(new Map())).toExtend<SharedCache<string>>();
  });
});
