import { systemClock } from '@holdfast/core';
import { settle } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { neighbour, setUp } from './rig.ts';

describe('TieredCache', () => {
  describe('between the tiers', () => {
    it('moves what L3 has up, with the life that is left of it', async () => {
      const rig = setUp();
      await rig.cache.set('key', 'value');
      rig.l2.entries.clear();
      await rig.clock.advance(600);
      const other = neighbour(rig);
      expect(await other.get('key')).toBe('value');
      await settle();
      expect(rig.l2.entries.has('shop:v:key')).toBe(true);

      await rig.clock.advance(399);
      expect([other.peek('key'), await neighbour(rig).get('key')]).toEqual(['value', 'value']);
      await rig.clock.advance(1);
      expect([other.peek('key'), await neighbour(rig).get('key')]).toEqual([undefined, undefined]);
    });

    it('asks the lower tiers again after l1.ttlMs', async () => {
      const rig = setUp({ l1: { ttlMs: 100 } });
      await rig.cache.set('key', 'old');
      await neighbour(rig).set('key', 'new');
      await rig.clock.advance(99);
      expect(await rig.cache.get('key', () => 'loaded')).toBe('old');

      await rig.clock.advance(1);
      expect(await rig.cache.get('key', () => 'loaded')).toBe('new');
    });

    it('does not measure lives on a wall clock that jumps', async () => {
      const { cache, clock } = setUp({ l2: undefined, l3: undefined });
      await cache.set('key', 1);
      for (const jumpMs of [86_400_000, -2 * 86_400_000]) {
        clock.shiftEpoch(jumpMs);
        await clock.advance(400);
        expect(cache.peek('key')).toBe(1);
      }
      await clock.advance(200);
      expect(cache.peek('key')).toBeUndefined();
    });

    it('reads many keys with one operation per tier', async () => {
      const rig = setUp();
      await rig.cache.set('a', 1);
      await rig.cache.set('b', 2);
      rig.l2.entries.delete('shop:v:b');
      const other = neighbour(rig);
      await other.set('c', 3);
      rig.l2.operations.length = 0;
      rig.l3.operations.length = 0;

      expect(await other.getMany(['a', 'b', 'b', 'c', 'd'])).toEqual(
        new Map([
          ['c', 3],
          ['a', 1],
          ['b', 2],
        ]),
      );
      expect(rig.l2.operations[0]).toBe('getMany shop:v:a,shop:v:b,shop:v:d');
      expect(rig.l3.operations).toEqual(['getMany shop:v:b,shop:v:d']);
      expect(other.statistics().lookups).toMatchObject({ l1Hit: 1, l2Hit: 1, l3Hit: 1, miss: 1 });
      expect([other.peek('a'), other.peek('b')]).toEqual([1, 2]);
    });

    it('shows an entry with its state, place and age', async () => {
      const rig = setUp({ staleIfErrorMs: 1_000 });
      await rig.cache.set('key', 'value');
      await rig.clock.advance(250);
      expect(await rig.cache.entry('key')).toEqual({
        value: 'value',
        state: 'fresh',
        tier: 'l1',
        ageMs: 250,
        tags: [],
      });
      expect(await neighbour(rig).entry('key')).toEqual({
        value: 'value',
        state: 'fresh',
        tier: 'l2',
        ageMs: 250,
        tags: [],
      });

      await rig.clock.advance(1_000);
      expect(await rig.cache.entry('key')).toEqual({
        value: 'value',
        state: 'stale',
        tier: 'l1',
        ageMs: 1_250,
        tags: [],
      });
      expect(await rig.cache.entry('missing')).toBeUndefined();
      expect(rig.cache.statistics().lookups).toMatchObject({ l1Hit: 0, miss: 0 });
    });

    it('shortens lives by a random share of up to jitterRatio', async () => {
      const { cache, clock } = setUp({ jitterRatio: 0.2, random: () => 0.5 });
      await cache.get('key', () => 1);
      await clock.advance(899);
      expect(cache.peek('key')).toBe(1);

      await clock.advance(1);
      expect(cache.peek('key')).toBeUndefined();
    });
  });

  it('takes an entry that runs out on its way to a tier for no failure of the tier', async () => {
    let now = 0;
    const clock = { ...systemClock, now: () => (now += 1), epoch: () => now };
    const l2 = new MemoryCache({ clock });
    const cache = createCache({ namespace: 'n', ttlMs: 1.5, l1: false, l2, clock });

    expect(await cache.get('key', () => 1)).toBe(1);
    await cache[Symbol.asyncDispose]();
    expect(cache.statistics().tiers.l2).toMatchObject({ writesFailed: 0, up: 1 });
  });
});
