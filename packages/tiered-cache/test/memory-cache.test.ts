import { ManualClock } from '@holdfast/core/testing';
import { MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { cacheContract } from './contract/cache-contract.ts';

cacheContract('MemoryCache as a cache', () => {
  const clock = new ManualClock();
  return { cache: new MemoryCache({ clock }), pass: (ms) => clock.advance(ms) };
});

/** A clock whose time moves without the event loop having run, as in a long synchronous stretch. */
class BusyClock extends ManualClock {
  reads = 0;
  busyMs = 0;

  override now(): number {
    this.reads += 1;
    return super.now() + this.busyMs;
  }
}

/** The bytes that a value is taken for. */
async function bytesOf(value: unknown): Promise<number> {
  const empty = new MemoryCache({ sizeOf: () => 0 });
  const cache = new MemoryCache();
  await empty.set('key', value);
  await cache.set('key', value);
  return cache.statistics().bytes - empty.statistics().bytes;
}

describe('MemoryCache', () => {
  it.each([
    [null, 8],
    [1.5, 8],
    [true, 8],
    [255n, 17],
    ['abc', 22],
    [[1, 2], 48],
    [{ a: 1, b: 'abc' }, 86],
    [new Map([[1, 2]]), 112],
    [new Set([1]), 96],
    [new Uint8Array(1_000), 1_096],
    [new ArrayBuffer(1_000), 1_096],
  ])('takes %s for %d bytes', async (value, bytes) => {
    expect(await bytesOf(value)).toBe(bytes);
  });

  it('counts an object once, however often a value refers to it, also in a cycle', async () => {
    const part: { text: string; self?: unknown } = { text: 'x'.repeat(500) };
    part.self = part;

    expect(await bytesOf([part, part, part])).toBe(32 + 56 + 16 + 1_000);
  });

  it('takes a deep value', async () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];

    expect(await bytesOf(deep)).toBe(8 + 32 * 100_000);
  });

  it('reads the clock once for the reads of a millisecond, by a timer that is gone at rest', async () => {
    const clock = new BusyClock();
    const cache = new MemoryCache({ clock });
    await cache.set('key', 1);
    const before = clock.reads;
    for (let read = 0; read < 60; read += 1) cache.peek('key');
    expect(clock.reads - before).toBe(1);
    expect([clock.pending('background'), clock.pending('foreground')]).toEqual([1, 0]);

    await clock.advance(1);
    expect(clock.pending()).toBe(0);
  });

  it('notices within 64 reads that a life is over although no timer can run', async () => {
    const clock = new BusyClock();
    const cache = new MemoryCache({ clock });
    await cache.set('key', 1, { ttlMs: 100 });
    cache.peek('key');
    clock.busyMs = 100;
    const seen = Array.from({ length: 65 }, () => cache.peek('key'));

    expect(seen.at(-1)).toBeUndefined();
  });

  it.each(['s3-fifo', 'lru'] as const)('pushes an entry out that is not used (%s)', async (eviction) => {
    const cache = new MemoryCache({ maxEntries: 2, eviction });
    await cache.set('a', 1);
    await cache.set('b', 2);
    cache.peek('a');
    await cache.set('c', 3);

    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['a', 'c']);
    expect(cache.statistics()).toMatchObject({ entries: 2, capacityEntries: 2, evictions: 1 });
  });

  it('keeps what is read again through a scan, unless it is told to keep what was used last', async () => {
    const survivors = async (eviction: 's3-fifo' | 'lru' | undefined): Promise<number> => {
      const cache = new MemoryCache({ maxEntries: 100, eviction });
      const popular = Array.from({ length: 50 }, (_, index) => `popular ${index}`);
      for (const key of popular) await cache.set(key, 1);
      for (const key of popular) cache.peek(key);
      for (let index = 0; index < 1_000; index += 1) await cache.set(`once ${index}`, 1);
      return popular.filter((key) => cache.peek(key) === 1).length;
    };

    expect(await Promise.all([survivors('s3-fifo'), survivors('lru'), survivors(undefined)])).toEqual([
      50, 0, 50,
    ]);
  });

  it('pushes an entry out whose life is over rather than one that is as popular', async () => {
    const clock = new ManualClock();
    const cache = new MemoryCache({ maxEntries: 50, clock });
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    for (const key of keys) await cache.set(key, 1, { ttlMs: key === 'key 40' ? 10 : 1_000 });
    for (const key of keys) cache.peek(key);
    await clock.advance(10);
    await cache.set('new', 1);

    expect(cache.statistics()).toMatchObject({ entries: 50, evictions: 1 });
    expect(keys.filter((key) => cache.peek(key) === undefined)).toEqual(['key 40']);
  });

  it('holds no more bytes than allowed', async () => {
    const cache = new MemoryCache({ maxBytes: 10_000 });
    for (let index = 0; index < 100; index += 1) await cache.set(`key ${index}`, 'x'.repeat(1_000));

    const { bytes, entries } = cache.statistics();
    expect(bytes).toBeLessThanOrEqual(10_000);
    expect(entries).toBe(3);
  });

  it('does not keep an entry larger than the bound, nor what it replaces', async () => {
    const cache = new MemoryCache({ maxBytes: 1_000 });
    await cache.set('key', 'small');
    await cache.set('key', 'x'.repeat(1_000));

    expect(await cache.get('key')).toBeUndefined();
  });

  it('asks sizeOf for the bytes of a value', async () => {
    const cache = new MemoryCache({
      maxBytes: 1_000_000,
      sizeOf: (value) => (value as { size: number }).size,
    });
    await cache.set('key', { size: 5_000 });

    expect(cache.statistics().bytes).toBe(5_000 + 640 + 2 * 'key'.length);
  });

  it.each([
    [-5_000, 640 + 2 * 'key'.length],
    [Number.NaN, 0],
    [Infinity, 0],
  ])('holds, of a value of %d bytes, %d bytes', async (valueBytes, bytes) => {
    const cache = new MemoryCache({ sizeOf: () => valueBytes });
    await cache.set('key', 1);

    expect(cache.statistics().bytes).toBe(bytes);
  });

  it('does not hold a value that cannot be measured, nor what it was to replace', async () => {
    const cache = new MemoryCache({ sizeOf: (value) => (value as string).length });
    await cache.set('key', 'text');
    await cache.set('key', null);

    expect([cache.peek('key'), cache.statistics().bytes]).toEqual([undefined, 0]);
  });

  it('expires exactly at the end of a life, on the monotonic clock', async () => {
    const clock = new ManualClock();
    const cache = new MemoryCache({ clock });
    await cache.set('key', 1, { ttlMs: 100 });

    clock.shiftEpoch(86_400_000);
    await clock.advance(99);
    expect(cache.peek('key')).toBe(1);

    await clock.advance(1);
    expect(cache.peek('key')).toBeUndefined();
  });

  it('has one timer at most, however many reads there are in a millisecond', async () => {
    const clock = new ManualClock();
    const cache = new MemoryCache({ clock });
    await cache.set('key', 1, { ttlMs: 1_000 });
    for (let reads = 0; reads < 1_000; reads += 1) cache.peek('key');

    expect(clock.pending()).toBe(1);
    await clock.advance(2);
    expect(clock.pending()).toBe(0);
  });

  it('gives room back to what it finds expired, and tells that there was nothing to delete', async () => {
    const clock = new ManualClock();
    const cache = new MemoryCache({ clock });
    for (const key of ['read', 'deleted']) await cache.set(key, 1, { ttlMs: 100 });
    await clock.advance(100);
    expect(await cache.get('read')).toBeUndefined();
    expect(cache.statistics().entries).toBe(1);

    expect([await cache.delete('deleted'), cache.statistics().entries]).toEqual([false, 0]);
  });

  it('gives values out by reference', async () => {
    const cache = new MemoryCache();
    const value = { count: 1 };
    await cache.set('key', value);

    expect(cache.peek('key')).toBe(value);
  });

  it('counts hits and misses', async () => {
    const cache = new MemoryCache({ name: 'sessions' });
    await cache.set('a', 1);
    await cache.getMany(['a', 'b']);
    cache.peek('a');

    expect(cache.name).toBe('sessions');
    expect(cache.statistics()).toMatchObject({ component: 'memory-cache', hits: 2, misses: 1 });
  });

  it('leaves no timer behind after disposal', async () => {
    const clock = new ManualClock();
    const cache = new MemoryCache({ clock });
    await cache.set('key', 1, { ttlMs: 1_000 });
    cache.peek('key');
    expect(clock.pending()).toBe(1);
    await cache[Symbol.asyncDispose]();

    expect(clock.pending()).toBe(0);
  });

  it.each([
    [{ maxEntries: 0 }, 'maxEntries must be a whole number of at least 1, got 0'],
    [{ maxEntries: 1.5 }, 'maxEntries must be a whole number of at least 1, got 1.5'],
    [{ maxBytes: 0 }, 'maxBytes must be a whole number of at least 1, got 0'],
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ clock: {} as never }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
    [{ sizeOf: 5 as never }, 'sizeOf must be a function, got 5'],
    [{ eviction: 'fifo' as never }, "eviction must be one of 's3-fifo', 'lru', got 'fifo'"],
  ])('refuses %j', (options, message) => {
    expect(() => new MemoryCache(options)).toThrow(message);
  });
});
