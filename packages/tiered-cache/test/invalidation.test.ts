import { settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from './rig.ts';

describe('TieredCache', () => {
  describe('set, delete and clear', () => {
    it('keeps what a load under way brings from everybody who asks after a delete', async () => {
      const { cache, l2, l3 } = setUp();
      const load = Promise.withResolvers<string>();
      const before = cache.get('key', () => load.promise);
      await settle();
      await cache.delete('key');
      const after = cache.get('key', () => 'new');
      expect(await after).toBe('new');
      load.resolve('old');

      expect(await before).toBe('old');
      await settle();
      expect(cache.peek('key')).toBe('new');
      expect([...l2.entries.values(), ...l3.entries.values()].map(String).join()).not.toContain('old');
    });

    it.each(['delete', 'clear'] as const)(
      'never serves what %s removed, not even for an error',
      async (operation) => {
        const { cache, clock } = setUp({ staleIfErrorMs: 60_000 });
        await cache.set('key', 'old');
        await clock.advance(1_000);
        const failing = Promise.withResolvers<string>();
        const waiting = cache.get('key', () => failing.promise);
        await settle();
        await cache[operation]('key');
        failing.reject(new Error('down'));

        await expect(waiting).rejects.toThrow('down');
        await expect(cache.get('key', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
      },
    );

    it('does not let a read of a lower tier bring back what was deleted meanwhile', async () => {
      const rig = setUp();
      await rig.cache.set('key', 'old');
      const { cache, l2, clock } = { ...rig, cache: neighbour(rig) };
      l2.fate = () => ({ delayMs: 20 });
      const reading = cache.get('key');
      await settle();
      const deleting = cache.delete('key');
      const after = cache.get('key');
      await clock.advance(60);

      expect(await reading).toBe('old');
      expect(await deleting).toEqual({ l1: 'applied', l2: 'applied', l3: 'applied' });
      expect(await after).toBeUndefined();
      expect(cache.peek('key')).toBeUndefined();
    });

    it('does not let a read of many keys bring back what was deleted meanwhile', async () => {
      const rig = setUp();
      await rig.cache.set('key', 'old');
      const cache = neighbour(rig);
      rig.l2.fate = () => ({ delayMs: 20 });
      const reading = cache.getMany(['key', 'other']);
      await settle();
      const deleting = cache.delete('key');
      await rig.clock.advance(60);
      await Promise.all([reading, deleting]);

      expect([cache.peek('key'), rig.l2.entries.size]).toEqual([undefined, 0]);
    });

    it('does not let what L3 had before a delete move up into L2 after it', async () => {
      const rig = setUp();
      await rig.cache.set('key', 'old');
      rig.l2.entries.clear();
      const cache = neighbour(rig);
      rig.l3.fate = () => ({ delayMs: 20 });
      const reading = cache.get('key');
      await settle();
      const deleting = cache.delete('key');
      await rig.clock.advance(60);
      await Promise.all([reading, deleting]);

      expect([rig.l2.entries.size, rig.l3.entries.size]).toEqual([0, 0]);
    });

    it('lets a refresh that it interrupted share the load of those who came after', async () => {
      const { cache, clock, l2 } = setUp({ staleWhileRevalidateMs: 60_000 });
      await cache.set('key', 'old');
      await clock.advance(1_000);
      l2.fate = (operation) => (operation === 'get' ? { delayMs: 20 } : {});
      const load = Promise.withResolvers<string>();
      const loader = counted(() => load.promise);
      expect(await cache.get('key', loader)).toBe('old');
      await cache.delete('key');
      const after = cache.get('key', loader);
      await clock.advance(60);
      load.resolve('new');

      expect(await after).toBe('new');
      expect(loader.calls).toBe(1);
    });

    it('answers a read under way with what was set meanwhile, without a load', async () => {
      const { cache, clock, l2 } = setUp({ l3: undefined });
      l2.fate = (operation) => (operation === 'get' ? { delayMs: 20, fails: 'before' } : {});
      const loader = counted(() => 'loaded');
      const reading = cache.get('key', loader);
      await settle();
      await cache.set('key', 'set');
      await clock.advance(20);

      expect(await reading).toBe('set');
      expect(loader.calls).toBe(0);
    });

    it('does not let a slow write of a load overtake a delete in a tier', async () => {
      const { cache, l2, clock } = setUp();
      l2.fate = (operation) => ({ delayMs: operation === 'set' ? 100 : 1 });
      await Promise.all([cache.get('key', () => 'old'), clock.advance(5)]);
      await Promise.all([cache.delete('key'), clock.advance(200)]);

      expect(l2.entries.size).toBe(0);
    });

    it('does not let a slow set overtake a clear in a tier', async () => {
      const { cache, l2, clock } = setUpL2({ l1: false });
      l2.fate = (operation) => (operation === 'set' ? { delayMs: 50 } : {});
      const writes = [cache.set('key', 'old'), cache.clear()];
      await clock.advance(100);
      await Promise.all(writes);

      expect([l2.entries.size, await cache.get('key')]).toEqual([0, undefined]);
    });

    it('keeps three writes of a key in order, though the first is long done', async () => {
      const { cache, l2, clock } = setUp({ l3: undefined });
      const delays = [10, 100, 1];
      l2.fate = () => ({ delayMs: delays.shift() });
      void cache.set('key', 'first');
      void cache.set('key', 'second');
      await clock.advance(20);
      const deleting = cache.delete('key');
      await clock.advance(200);

      expect(await deleting).toEqual({ l1: 'applied', l2: 'applied' });
      expect(l2.entries.size).toBe(0);
    });

    it('keeps a value that was set from being replaced by a load that began before', async () => {
      const { cache } = setUp();
      const load = Promise.withResolvers<string>();
      const before = cache.get('key', () => load.promise);
      await settle();
      await cache.set('key', 'set');
      load.resolve('loaded');
      await before;
      await settle();

      expect(await cache.get('key')).toBe('set');
    });

    it('refuses undefined and what the codec cannot take, and changes nothing then', async () => {
      const { cache, l2 } = setUp();
      await cache.set('key', 'old');

      await expect(cache.set('key', undefined)).rejects.toThrow(
        'value must be other than undefined, got undefined',
      );
      await expect(cache.set('key', () => 1)).rejects.toMatchObject({
        code: 'ERR_CACHE_ENCODE',
        key: 'key',
        cache: 'shop',
      });
      await expect(cache.set('', 1)).rejects.toThrow('key must be');
      expect(cache.peek('key')).toBe('old');
      expect(l2.entries.size).toBe(1);
    });

    it('drops what was held when a value is set for 0 ms', async () => {
      const { cache, l2 } = setUp();
      await cache.set('key', 'old');
      await cache.set('key', 'new', { ttlMs: 0 });

      expect([await cache.get('key'), l2.entries.size]).toEqual([undefined, 0]);
    });

    it('clears tiers and memory', async () => {
      const { cache, l2, l3 } = setUp();
      await cache.set('a', 1);
      await cache.get('b', () => 2);

      expect(await cache.clear()).toEqual({ l1: 'applied', l2: 'applied', l3: 'applied' });
      expect(await cache.getMany(['a', 'b'])).toEqual(new Map());
      expect([l2.entries.size, l3.entries.size]).toEqual([0, 0]);
    });

    it('names only the tiers that there are', async () => {
      const { cache } = setUp({ l1: false, l3: undefined });

      expect(await cache.set('key', 1)).toEqual({ l2: 'applied' });
      expect(await createCache({ namespace: 'n', ttlMs: 1 }).delete('key')).toEqual({ l1: 'applied' });
    });
  });
});
