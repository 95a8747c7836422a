import { settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { counted, neighbour, setUp } from './rig.ts';

describe('TieredCache', () => {
  describe('get', () => {
    it('loads once, answers from memory afterwards and puts the value into every tier', async () => {
      const { cache, l2, l3 } = setUp();
      const loader = counted(async () => 'loaded');

      expect(await cache.get('key', loader)).toBe('loaded');
      expect(await cache.get('key', loader)).toBe('loaded');
      expect(await cache.get('key')).toBe('loaded');
      expect(cache.peek('key')).toBe('loaded');

      expect(loader.calls).toBe(1);
      expect([...l2.entries.keys(), ...l3.entries.keys()]).toEqual(['shop:v:key', 'shop:v:key']);
    });

    it('makes the promise of a hit in memory once', async () => {
      const { cache } = setUp();
      await cache.set('key', 'value');
      const hits = [cache.get('key'), cache.get('key', () => 'not needed')];

      expect(hits[0]).toBe(hits[1]);
      expect(await hits[0]).toBe('value');
    });

    it('shares one load among a thousand callers', async () => {
      const { cache } = setUp();
      const load = Promise.withResolvers<number>();
      const loader = counted(() => load.promise);
      const answers = Array.from({ length: 1_000 }, () => cache.get('key', loader));
      await settle();
      load.resolve(7);

      expect(new Set(await Promise.all(answers))).toEqual(new Set([7]));
      expect(loader.calls).toBe(1);
      expect(cache.statistics().lookups.loaded).toBe(1_000);
    });

    it('shares one load among callers without an L1', async () => {
      const { cache } = setUp({ l1: false });
      const loader = counted(async () => 7);
      await Promise.all(Array.from({ length: 100 }, () => cache.get('key', loader)));

      expect(loader.calls).toBe(1);
      expect(cache.peek('key')).toBeUndefined();
      expect(await cache.get('key')).toBe(7);
      expect(cache.statistics().tiers.l1).toBeUndefined();
    });

    it('asks the tiers nothing while the key is being loaded', async () => {
      const { cache, l2 } = setUp();
      const load = Promise.withResolvers<number>();
      const first = cache.get('key', () => load.promise);
      await settle();
      const second = cache.get('key', () => load.promise);
      await settle();
      expect(l2.operations).toEqual(['get shop:v:key']);

      load.resolve(7);
      expect(await Promise.all([first, second])).toEqual([7, 7]);
    });

    it.each([[null], [false], [0], ['']])('keeps %j through every tier', async (value) => {
      const rig = setUp();
      const { cache, l2 } = rig;
      await cache.get('key', () => value);

      expect(await cache.get('key', () => 'loaded')).toBe(value);
      expect(await neighbour(rig).get('key')).toBe(value);
      l2.entries.clear();
      const other = neighbour(rig);
      expect(await other.getMany(['key'])).toEqual(new Map([['key', value]]));
      expect(other.statistics().lookups).toMatchObject({ l3Hit: 1, miss: 0 });
    });

    it('passes undefined on and does not keep it', async () => {
      const { cache, l2 } = setUp();
      const loader = counted(async () => undefined);

      expect(await cache.get('key', loader)).toBeUndefined();
      expect(await cache.get('key', loader)).toBeUndefined();
      expect(loader.calls).toBe(2);
      expect(l2.entries.size).toBe(0);
    });

    it('forgets a stale value when the loader finds nothing any more', async () => {
      const { cache, clock, l2, l3 } = setUp({ staleIfErrorMs: 10_000 });
      await cache.get('key', () => 'old');
      await clock.advance(1_000);

      expect(await cache.get('key', () => undefined)).toBeUndefined();
      await settle();
      expect([l2.entries.size, l3.entries.size]).toEqual([0, 0]);
      await expect(cache.get('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    });

    it('rejects all waiters with what the loader throws, and loads again afterwards', async () => {
      const { cache } = setUp();
      const error = new Error('down');
      const loader = counted((): string => {
        throw error;
      });
      const [one, two] = [cache.get('key', loader), cache.get('key', loader)];

      await expect(one).rejects.toBe(error);
      await expect(two).rejects.toBe(error);
      expect(loader.calls).toBe(1);
      expect(await cache.get('key', () => 'up')).toBe('up');
      expect(cache.statistics()).toMatchObject({
        loads: { success: 1, failure: 1 },
        lookups: { error: 2, loaded: 1 },
      });
    });

    it('tells the loader what it is for', async () => {
      const { cache, clock } = setUp({ staleWhileRevalidateMs: 500, staleIfErrorMs: 10_000 });
      const seen: unknown[] = [];
      const loader = (context: {
        key: string;
        reason: string;
        attempt: number;
        remainingMs: () => number;
      }) => {
        seen.push([context.key, context.reason, context.attempt, context.remainingMs()]);
        return 1;
      };
      await cache.get('key', loader);
      await clock.advance(1_000);
      await cache.get('key', loader);
      await settle();
      await clock.advance(1_500);
      await cache.get('key', loader);

      expect(seen).toEqual([
        ['key', 'miss', 0, Infinity],
        ['key', 'refresh', 0, Infinity],
        ['key', 'stale', 0, Infinity],
      ]);
    });

    it('gives each load the life that its caller asks for', async () => {
      const { cache, clock } = setUp();
      await cache.get('short', () => 1, { ttlMs: 100 });
      await cache.get('none', () => 1, { ttlMs: 0 });
      await clock.advance(99);
      expect(cache.peek('short')).toBe(1);
      expect(await cache.get('none')).toBeUndefined();

      await clock.advance(1);
      expect(cache.peek('short')).toBeUndefined();
    });

    it('refuses bad options of a call', async () => {
      const { cache } = setUp();

      await expect(cache.get('key', () => 1, { ttlMs: -1 })).rejects.toThrow('ttlMs must be');
      await expect(cache.get('key', () => 1, { staleIfErrorMs: Number.NaN })).rejects.toThrow(
        'staleIfErrorMs must be',
      );
      await expect(cache.get('key', () => 1, { deadlineMs: -1 })).rejects.toThrow('deadlineMs must be');
      await expect(cache.get('', () => 1)).rejects.toThrow('key must be a string that is not empty');
      await expect(cache.get('key', 5 as never)).rejects.toThrow('loader must be a function, got 5');
    });

    it('names the type of what the loader brings', () => {
      const { cache } = setUp();

      expectTypeOf(cache.get('key', async () => 7)).toEqualTypeOf<Promise<number>>();
      expectTypeOf(cache.get<string>('key')).toEqualTypeOf<Promise<string | undefined>>();
      expectTypeOf(createCache<number>({ namespace: 'n', ttlMs: 1 }).get('key')).toEqualTypeOf<
        Promise<number | undefined>
      >();
    });
  });
});
