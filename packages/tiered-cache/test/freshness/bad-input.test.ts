import { createCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { setUp } from '../rig.ts';

const notDurations = [-1, Number.NaN, '5', {}];

/** What each option must not be. */
const options: Readonly<Record<string, readonly unknown[]>> = {
  namespace: ['', 'a b', 'a:b', 1, undefined],
  name: ['', 1],
  ttlMs: notDurations,
  staleWhileRevalidateMs: notDurations,
  staleIfErrorMs: notDurations,
  negativeTtlMs: notDurations,
  jitterRatio: [-0.1, 1.1, Number.NaN, '0.5'],
  loadRetryMs: notDurations,
  tierTimeoutMs: [0, ...notDurations],
  tierSoftTimeoutMs: [0, ...notDurations],
  maxStalenessMs: [99, ...notDurations],
  unverified: ['yes', true, 1],
  leaseMs: [99, ...notDurations],
  leaseWaitMs: notDurations,
  settleMs: notDurations,
  copies: ['deep', true],
  reads: [{}, 1],
  clock: [{}, 1],
  random: [0.5, 'random'],
  codec: [{}, 1],
  earlyRefresh: [true, 0.8, 'early', {}],
};

describe('an option out of range', () => {
  it.each(
    Object.entries(options).flatMap(([option, values]) => values.map((value) => [option, value] as const)),
  )('is refused at once, named with its rule and value: %s of %j', (option, value) => {
    const given = { namespace: 'n', ttlMs: 1_000, [option]: value } as unknown as TieredCacheOptions;

    expect(() => createCache(given)).toThrow(new RegExp(`^${option}(\\.\\w+)? must .+, got .+`, 'u'));
  });

  it.each([
    ['l1.maxEntries', { l1: { maxEntries: -1 } }],
    ['l1.maxBytes', { l1: { maxBytes: Number.NaN } }],
    ['l1.ttlMs', { l1: { ttlMs: -1 } }],
    ['l2', { l2: {} }],
    ['l2', { l2: 1 }],
    ['l3', { l3: { cache: {} } }],
    ['l3.ttlMs', { l3: { cache: setUp().l3, ttlMs: -1 } }],
    ['l2.timeoutMs', { l2: { cache: setUp().l2, timeoutMs: 0 } }],
    ['l2.guard', { l2: { cache: setUp().l2, guard: {} } }],
  ])('is refused at once also where it belongs to a tier: %s', (option, given) => {
    expect(() => createCache({ namespace: 'n', ttlMs: 1_000, ...(given as object) })).toThrow(
      `${option} must`,
    );
  });

  it('is no error of a negative zero or of the smallest and largest values', () => {
    const given = {
      ttlMs: -0,
      staleIfErrorMs: 0,
      jitterRatio: 1,
      loadRetryMs: 0,
      leaseWaitMs: 0,
      settleMs: 0,
    };

    expect(() => createCache({ namespace: 'n', ...given })).not.toThrow();
  });
});

const { cache } = setUp({ l2: undefined, l3: undefined });
const badKeys = [undefined, null, 1, '', '\uD800', 'a\uDC00b', {}];

describe('a key that is none', () => {
  it.each(badKeys)('is refused by every method: %j', async (bad) => {
    const key = bad as string;
    const refused: readonly Promise<unknown>[] = [
      cache.get(key),
      cache.get(key, () => 1),
      cache.getMany([key]),
      cache.getMany(['fine', key], () => new Map()),
      cache.set(key, 1),
      cache.delete(key),
      cache.expire(key),
      cache.entry(key),
    ];

    for (const result of await Promise.allSettled(refused)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_INVALID_OPTION' } });
      expect(String((result as PromiseRejectedResult).reason)).toMatch(/key must be .+, got /u);
    }
    expect(cache.peek(key)).toBeUndefined();
  });
});

describe('a method', () => {
  it('refuses what is no loader, no value and no list', async () => {
    await expect(cache.get('key', 1 as never)).rejects.toThrow('loader must be a function, got 1');
    await expect(cache.set('key', undefined)).rejects.toThrow(
      'value must be other than undefined, got undefined',
    );
    await expect(cache.set('key', 1, { tags: [1 as never] })).rejects.toThrow('tag must be');
    await expect(cache.get('key', () => 1, { tags: {} as never })).rejects.toThrow(
      'tags must be a list of texts',
    );
    await expect(cache.get('key', () => 1, { deadlineMs: -1 })).rejects.toThrow('deadlineMs must be');
  });

  it('has changed nothing when it has refused', async () => {
    await cache.set('held', 1);
    await cache.set('held', undefined).catch(() => undefined);
    await cache.set('held', 2, { ttlMs: -1 }).catch(() => undefined);
    await cache.set('held', 2, { tags: [''] }).catch(() => undefined);
    await cache.set('held', 2, { version: -1 }).catch(() => undefined);
    await cache.delete('held', { version: -1 }).catch(() => undefined);

    expect(cache.peek('held')).toBe(1);
  });
});
