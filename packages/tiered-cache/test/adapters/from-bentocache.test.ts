import { ManualClock } from '@holdfast/core/testing';
import { createCache, type ICache, MemoryCache, type SharedCache } from '@holdfast/tiered-cache';
import {
  bentocacheDriver,
  type BentocacheDriverFactory,
  type BentocacheL2Driver,
  fromBentocacheDriver,
} from '@holdfast/tiered-cache/bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import type { CreateDriverResult, L2CacheDriver } from 'bentocache/types';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { cacheContract, sharedCacheContract } from '../contract/cache-contract.ts';

const underTest = (): { cache: ICache; pass: (ms: number) => Promise<void> } => {
  const clock = new ManualClock();
  const cache = fromBentocacheDriver(bentocacheDriver(new MemoryCache({ clock })), { clock });
  return { cache, pass: (ms) => clock.advance(ms) };
};

cacheContract('fromBentocacheDriver', underTest);
sharedCacheContract('fromBentocacheDriver, shared', underTest);

/** A driver that keeps texts, and what became of it. */
function plainDriver(): BentocacheL2Driver & {
  readonly texts: Map<string, string>;
  readonly lives: (number | undefined)[];
  disconnected: boolean;
} {
  const texts = new Map<string, string>();
  const lives: (number | undefined)[] = [];
  return {
    texts,
    lives,
    disconnected: false,
    get: async (key) => texts.get(key),
    async set(key, value, life) {
      lives.push(life);
      texts.set(key, value);
      return true;
    },
    delete: async (key) => texts.delete(key),
    async disconnect() {
      this.disconnected = true;
    },
  };
}

describe('fromBentocacheDriver', () => {
  it('gives the driver lives in whole milliseconds, and none to what has no end', async () => {
    const driver = plainDriver();
    const cache = fromBentocacheDriver(driver);
    await cache.set('key', 1);
    driver.lives.length = 0;
    await cache.set('key', 1, { ttlMs: 0.5 });
    await cache.set('key', 1, { ttlMs: Infinity });
    await cache.set('key', 1, { ttlMs: 1e300 });

    expect(driver.lives).toEqual([1, undefined, undefined]);
  });

  it('disconnects a driver that it made, and leaves one that was handed in', async () => {
    const [made, handedIn] = [plainDriver(), plainDriver()];
    const configs: unknown[] = [];
    const factory = { options: { table: 'x' }, factory: (config: unknown) => (configs.push(config), made) };
    await fromBentocacheDriver(factory)[Symbol.asyncDispose]();
    await fromBentocacheDriver(handedIn)[Symbol.asyncDispose]();

    expect(configs).toEqual([{ prefix: 'bentocache', table: 'x' }]);
    expect(made.disconnected).toBe(true);
    expect(handedIn.disconnected).toBe(false);
  });

  it('rejects what the driver rejects, and a write that it refuses without a word', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('the driver is down'));
    const broken = fromBentocacheDriver({ ...plainDriver(), get: fail, delete: fail });
    const refusing = fromBentocacheDriver({ ...plainDriver(), set: async () => false });

    await expect(broken.get('key')).rejects.toThrow('the driver is down');
    await expect(broken.delete('key')).rejects.toThrow('the driver is down');
    await expect(refusing.set('key', 1)).rejects.toMatchObject({
      code: 'ERR_CACHE_STORE_REFUSED',
      store: 'bentocache',
    });
  });

  it('is a tier: what was deleted while its load ran is not stored afterwards', async () => {
    const driver = plainDriver();
    const open = () => createCache({ namespace: 'shop', ttlMs: 60_000, l2: fromBentocacheDriver(driver) });
    await using cache = open();
    let finish = (_value: string): void => undefined;
    const loading = cache.get('key', () => new Promise<string>((resolve) => (finish = resolve)));
    await expect.poll(() => cache.statistics().tiers.l2?.misses).toBe(1);
    await cache.delete('key');
    finish('old');
    expect(await loading).toBe('old');

    await using restarted = open();
    expect(await cache.get('key')).toBeUndefined();
    expect(await restarted.get('key')).toBeUndefined();
  });

  it.each([
    [
      () => fromBentocacheDriver({} as never),
      'driver must be an object with get(), set(), delete(), disconnect(), got an object',
    ],
    [
      () => fromBentocacheDriver({ options: {}, factory: () => ({}) as never }),
      'driver must be an object with get(), set(), delete(), disconnect(), got an object',
    ],
    [
      () => fromBentocacheDriver(plainDriver(), { clock: {} as never }),
      'clock must be an object with now(), epoch(), schedule()',
    ],
  ])('refuses bad input %#', (make, message) => {
    expect(make).toThrow(message);
  });

  it('takes drivers of bentocache by type, and is a shared cache', () => {
    expectTypeOf<L2CacheDriver>().toExtend<BentocacheL2Driver>();
    expectTypeOf<CreateDriverResult<L2CacheDriver>>().toExtend<BentocacheDriverFactory>();
    expectTypeOf(redisDriver).returns.toExtend<Parameters<typeof fromBentocacheDriver>[0]>();
    expectTypeOf(fromBentocacheDriver<string>(plainDriver())).toExtend<SharedCache<string>>();
  });
});
