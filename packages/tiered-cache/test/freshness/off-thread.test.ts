import { settle } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

const large = (letter: string): string => letter.repeat(5_000);
const compression = { algorithm: 'gzip', thresholdBytes: 0, offThreadBytes: 0 } as const;

/** Two caches over one tier, which encode and decode off the calling thread. */
function pair() {
  const l2 = new MemoryCache();
  const start = (l1: false | undefined) =>
    createCache({ namespace: 'n', ttlMs: 60_000, l1, l2, compression });
  return { l2, cache: start(undefined), other: start(false) };
}

describe('values that are written and read off the calling thread', () => {
  it('come through each path', async () => {
    const { cache, other } = pair();
    await cache.set('set', large('a'));
    await cache.get('loaded', () => large('b'));
    await cache.getMany(['many'], () => new Map([['many', large('c')]]));
    await other.get('set');

    expect(await other.getMany(['set', 'loaded', 'many'])).toEqual(
      new Map([
        ['set', large('a')],
        ['loaded', large('b')],
        ['many', large('c')],
      ]),
    );
  });

  it('keep their order: a delete is not overtaken by the set before it', async () => {
    const { cache, other } = pair();
    const writes = [cache.set('key', large('a')), cache.delete('key')];

    expect(await cache.get('key')).toBeUndefined();
    await Promise.all(writes);
    expect(await other.get('key')).toBeUndefined();
  });

  it('keep their order: of many sets the last one counts', async () => {
    const { cache, other } = pair();
    await Promise.all(['a', 'b', 'c', 'd'].map((letter) => cache.set('key', large(letter))));

    expect([cache.peek('key'), await other.get('key')]).toEqual([large('d'), large('d')]);
  });

  it('are not stored of a load that a delete has overtaken while they were written', async () => {
    const { cache, other } = pair();
    const loaded = Promise.withResolvers<void>();
    const loading = cache.get('key', () => {
      loaded.resolve();
      return large('a');
    });
    await loaded.promise;
    await cache.delete('key');

    expect(await loading).toBe(large('a'));
    expect([cache.peek('key'), await other.get('key')]).toEqual([undefined, undefined]);
  });

  it('are not stored of a load that a delete overtakes while they are packed', async () => {
    const { cache, other } = pair();
    // Memory holds the value before it is packed for the tier, and packing so much takes a while.
    const loading = cache.get('key', () => 'a'.repeat(4_000_000));
    for (let turns = 0; cache.peek('key') === undefined && turns < 1_000; turns += 1) await settle();
    await cache.delete('key');
    await loading;

    expect([cache.peek('key'), await other.get('key')]).toEqual([undefined, undefined]);
  });

  it('are not stored for 0 ms', async () => {
    const { cache, l2 } = pair();
    await cache.set('key', large('a'), { ttlMs: 0 });

    expect([cache.peek('key'), l2.statistics().entries]).toEqual([undefined, 0]);
  });
});
