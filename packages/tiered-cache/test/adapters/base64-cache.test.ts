import { ManualClock } from '@holdfast/core/testing';
import type { ICache } from '@holdfast/tiered-cache';
import { fromKeyv } from '@holdfast/tiered-cache/keyv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const bytesIn = (map: Map<string, unknown>): ICache<Uint8Array> => fromKeyv(map).bytes('part');

describe('a part of bytes in a store of text', () => {
  it('gives any bytes back as they were set, also those of a view', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 2 }), async (bytes) => {
        const part = bytesIn(new Map());
        const view = bytes.subarray(1);
        await part.set('one', bytes);
        await part.setMany([['two', view]]);

        expect(new Uint8Array((await part.get('one')) ?? [])).toEqual(new Uint8Array(bytes));
        const both = await part.getMany(['one', 'two', 'missing']);
        expect([...both.keys()]).toEqual(['one', 'two']);
        expect(new Uint8Array(both.get('two') ?? [])).toEqual(new Uint8Array(view));
      }),
    );
  });

  it('keeps lives, deletes, and is cleared by itself', async () => {
    const clock = new ManualClock();
    const map = new Map();
    const cache = fromKeyv(map, { clock });
    const part = cache.bytes('part');
    await cache.set('a', 'of the cache');
    await part.setMany(
      ['a', 'b', 'c'].map((key) => [key, Buffer.from(key)] as const),
      { ttlMs: 1_000 },
    );

    expect(await part.delete('a')).toBe(true);
    expect(await part.deleteMany(['a', 'b'])).toBe(1);
    expect(await part.get('c')).toBeDefined();
    await clock.advance(1_000);
    expect(await part.get('c')).toBeUndefined();
    await part.set('d', Buffer.from('d'));
    await part.clear();
    expect(await part.get('d')).toBeUndefined();
    expect(await cache.get('a')).toBe('of the cache');
    await part[Symbol.asyncDispose]();
    expect(part.capabilities).toEqual(cache.capabilities);
  });
});
