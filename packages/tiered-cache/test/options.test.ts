import { ManualClock } from '@holdfast/core/testing';
import { createCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { setUp } from './rig.ts';
import { ScriptedStore } from './scripted-store.ts';

describe('TieredCache', () => {
  it('counts what it did', async () => {
    const { cache } = setUp({ name: 'products', l1: { maxEntries: 2 } });
    await cache.get('a', () => 1);
    await cache.get('a');
    cache.peek('a');
    cache.peek('missing');
    await cache.get('missing');
    await cache.set('b', 1);
    await cache.set('c', 1);

    expect(cache.name).toBe('products');
    expect(cache.statistics()).toEqual({
      component: 'tiered-cache',
      lookups: { l1Hit: 2, l2Hit: 0, l3Hit: 0, staleHit: 0, loaded: 1, miss: 1, error: 0 },
      tiers: {
        l1: {
          hits: 2,
          misses: 2,
          errors: 0,
          skipped: 0,
          entries: 2,
          bytes: expect.any(Number),
          capacityEntries: 2,
          evictions: 1,
        },
        l2: {
          hits: 0,
          misses: 2,
          errors: 0,
          skipped: 0,
          writesApplied: 3,
          writesFailed: 0,
          queued: 0,
          up: 1,
        },
        l3: {
          hits: 0,
          misses: 2,
          errors: 0,
          skipped: 0,
          writesApplied: 3,
          writesFailed: 0,
          queued: 0,
          up: 1,
        },
      },
      loads: { success: 1, failure: 0 },
      refreshes: { success: 0, failure: 0 },
      slides: { extended: 0, refused: 0 },
      staleServed: { revalidating: 0, loadError: 0, unverified: 0 },
      coherence: {
        changes: 0,
        epochs: 0,
        fillsRefused: 0,
        gaps: 0,
        leases: { busy: 0, granted: 0, settling: 0, stored: 0, unavailable: 0 },
      },
    });
  });

  it.each([
    [{ namespace: 'a:b' }, "namespace must be made of letters, digits, '.', '_' and '-', got 'a:b'"],
    [{ namespace: '' }, "namespace must be made of letters, digits, '.', '_' and '-', got ''"],
    [{ name: '' }, "name must be a string that is not empty, got ''"],
    [{ ttlMs: -1 }, 'ttlMs must be a finite number of milliseconds of at least 0, got -1'],
    [
      { ttlMs: undefined as never },
      'ttlMs must be a finite number of milliseconds of at least 0, got undefined',
    ],
    [{ staleWhileRevalidateMs: Number.NaN }, 'staleWhileRevalidateMs must be'],
    [{ staleIfErrorMs: -5 }, 'staleIfErrorMs must be'],
    [{ jitterRatio: 1.1 }, 'jitterRatio must be a number from 0 to 1, got 1.1'],
    [{ loadRetryMs: -1 }, 'loadRetryMs must be'],
    [{ tierTimeoutMs: 0 }, 'tierTimeoutMs must be a finite number of milliseconds of at least 1, got 0'],
    [{ l1: { maxEntries: 0 } }, 'l1.maxEntries must be a whole number of at least 1, got 0'],
    [{ l1: { maxBytes: -1 } }, 'l1.maxBytes must be'],
    [{ l1: { ttlMs: -1 } }, 'l1.ttlMs must be'],
    [{ l1: { sizeOf: 1 as never } }, 'l1.sizeOf must be a function, got 1'],
    [
      { l2: {} as never },
      'l2 must be an object with get(), getMany(), set(), delete(), clear(), got an object',
    ],
    [{ l3: { cache: {} as never } }, 'l3 must be an object with'],
    [{ l2: { cache: new ScriptedStore(new ManualClock()), timeoutMs: 0 } }, 'l2.timeoutMs must be'],
    [
      { l3: { cache: new ScriptedStore(new ManualClock()), guard: {} as never } },
      'l3.guard must be an object with execute(), got an object',
    ],
    [{ codec: {} as never }, 'codec must be an object with encode(), decode(), got an object'],
    [
      { codec: { id: 256, encode: () => new Uint8Array(), decode: () => 1 } },
      'codec.id must be a whole number from 16 to 255, got 256',
    ],
    [{ clock: {} as never }, 'clock must be'],
    [{ random: 5 as never }, 'random must be a function, got 5'],
  ] as [Partial<TieredCacheOptions>, string][])('refuses the options %j', (options, message) => {
    expect(() => createCache({ namespace: 'n', ttlMs: 1, ...options })).toThrow(message);
  });
});
