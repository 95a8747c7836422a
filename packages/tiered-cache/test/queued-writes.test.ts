import type { Policy } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { failing, hanging, setUpL2, working } from './rig.ts';
import { ScriptedStore } from './scripted-store.ts';

describe('a write that a tier does not take', () => {
  it.each(['before', 'after'] as const)(
    'resolves, says so, and is made good when the tier is back (failing %s the effect)',
    async (fails) => {
      const { cache, l2, clock } = setUpL2({ l1: false });
      await cache.set('key', 'old');
      l2.fate = () => ({ fails });

      expect(await cache.delete('key')).toEqual({ l2: 'queued' });
      expect(cache.statistics().tiers.l2).toMatchObject({ queued: 1, writesFailed: 1 });
      l2.fate = working;
      expect(await cache.get('key')).toBeUndefined();
      expect(cache.statistics().tiers.l2).toMatchObject({ skipped: 1 });

      await clock.advance(1_000);
      expect(l2.entries.size).toBe(0);
      expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
      expect(clock.pending('foreground')).toBe(0);
    },
  );

  it('is not overtaken by a read that waited for it', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    await cache.set('key', 'old');
    l2.fate = (operation) => (operation === 'delete' ? { delayMs: 20, fails: 'before' } : {});
    const deleting = cache.delete('key');
    const reading = cache.get('key');
    await clock.advance(20);

    expect(await deleting).toEqual({ l2: 'queued' });
    expect(await reading).toBeUndefined();
  });

  it('keeps its key from being asked for at all', async () => {
    const { cache, l2 } = setUpL2({ l1: false });
    l2.fate = failing;
    await cache.delete('key');
    l2.fate = working;
    await cache.get('key');
    await cache.getMany(['key', 'other']);

    expect(l2.operations).toEqual(['delete shop:v:key', 'get shop:v:other']);
  });

  it('makes the tier forget the old value of a set', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    await cache.set('key', 'old');
    l2.fate = failing;
    expect(await cache.set('key', 'new')).toEqual({ l2: 'queued' });
    l2.fate = working;
    expect(await cache.get('key')).toBeUndefined();

    await clock.advance(1_000);
    expect(l2.entries.size).toBe(0);
  });

  it('is forgotten once a later write of the key was taken', async () => {
    const { cache, l2 } = setUpL2({ l1: false });
    l2.fate = failing;
    await cache.set('key', 1);
    l2.fate = working;
    await cache.set('key', 2);

    expect(await cache.get('key')).toBe(2);
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
  });

  it('is not forgotten for a write that began before it and ends after it', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    l2.fate = (operation) => (operation === 'set' ? { delayMs: 100 } : {});
    await cache.get('key', () => 'old');
    l2.fate = failing;
    for (const key of [1, 2, 3]) await cache.get(`other ${key}`);
    expect(await cache.delete('key')).toEqual({ l2: 'queued' });
    l2.fate = working;
    await clock.advance(200);

    expect(l2.entries.size).toBe(1);
    expect(await cache.get('key')).toBeUndefined();
    await clock.advance(2_000);
    expect(l2.entries.size).toBe(0);
  });

  it('is not forgotten for a write before it that lands late', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    l2.fate = (operation) => (operation === 'set' ? { delayMs: 300 } : { fails: 'before' });
    const writes = [cache.set('key', 'old'), cache.delete('key')];
    await clock.advance(400);
    expect(await Promise.all(writes)).toEqual([{ l2: 'queued' }, { l2: 'queued' }]);
    expect(l2.entries.size).toBe(1);
    l2.fate = working;
    expect(await cache.get('key')).toBeUndefined();

    await clock.advance(2_000);
    expect([l2.entries.size, await cache.get('key')]).toEqual([0, undefined]);
  });

  it('is made good also when it fails long after it was given up', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    await cache.set('key', 'old');
    l2.fate = () => ({ delayMs: 5_000, fails: 'before' });
    const deleting = cache.delete('key');
    await clock.advance(300);
    l2.fate = working;
    expect(await deleting).toEqual({ l2: 'queued' });
    await clock.advance(10_000);

    expect(l2.entries.size).toBe(0);
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
  });

  it('is tried again with 100 others at a time, and no further where one of them fails again', async () => {
    const clock = new ManualClock();
    const l2 = new ScriptedStore(clock);
    const guard = { execute: (operation: () => Promise<unknown>): Promise<unknown> => operation() };
    const cache = createCache({
      namespace: 'shop',
      ttlMs: 600_000,
      clock,
      l1: false,
      l2: { cache: l2, guard: guard as Policy },
    });
    l2.fate = failing;
    for (let key = 0; key < 250; key += 1) await cache.delete(`key ${key}`);
    l2.operations.length = 0;
    await clock.advance(1_000);
    expect(l2.operations).toHaveLength(100);

    l2.fate = working;
    await clock.advance(1_000);
    expect(l2.operations).toHaveLength(350);
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
    await cache[Symbol.asyncDispose]();
  });

  it('is made good when it lands late, and its key is not waited for meanwhile', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    await cache.set('key', 'old');
    l2.fate = (operation) => (operation === 'delete' ? { delayMs: 5_000 } : {});
    const [result] = await Promise.all([cache.delete('key'), clock.advance(250)]);
    expect(result).toEqual({ l2: 'queued' });
    expect(await cache.get('key', () => 'loaded')).toBe('loaded');

    await clock.advance(20_000);
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
    expect(await cache.get('key')).not.toBe('old');
  });

  it('is waited for once, if it was the write of a load', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    l2.fate = (operation) => (operation === 'set' ? hanging() : {});
    await cache.get('key', () => 1);
    await clock.advance(250);

    expect(await cache.get('key', () => 2)).toBe(2);
    expect(cache.statistics().tiers.l2).toMatchObject({ skipped: 1, queued: 0 });
  });

  it('keeps the whole tier out of use while it owes a clear', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    await cache.set('a', 'old');
    l2.fate = failing;
    expect(await cache.clear()).toEqual({ l2: 'queued' });
    l2.fate = working;
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map());

    await clock.advance(1_000);
    expect(l2.entries.size).toBe(0);
    await cache.set('a', 'new');
    expect(await cache.get('a')).toBe('new');
  });

  it('is forgotten once everything was cleared', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    l2.fate = failing;
    await cache.delete('key');
    await cache.deleteTag('red');
    l2.fate = working;
    await cache.clear();
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
    await cache.set('key', 'new', { tags: ['red'] });
    await clock.advance(5_000);

    expect(await cache.get('key')).toBe('new');
    expect(l2.operations.filter((operation) => operation.startsWith('delete'))).toEqual([
      'delete shop:v:key',
    ]);
  });

  it('that was a clear is not forgotten for one before it that lands late', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    let clears = 0;
    l2.fate = (operation) => {
      if (operation === 'clear') clears += 1;
      return operation === 'clear' ? { delayMs: 300, fails: clears === 2 ? 'before' : undefined } : {};
    };
    const clearing = [cache.clear(), cache.clear()];
    await clock.advance(400);
    l2.entries.set('shop:v:key', Buffer.from('from before the second one'));
    await clock.advance(600);
    expect(await Promise.all(clearing)).toEqual([{ l2: 'queued' }, { l2: 'queued' }]);

    await clock.advance(5_000);
    expect([clears, l2.entries.size]).toEqual([3, 0]);
  });

  it('owes a clear instead when there are more than 10,000 of them', async () => {
    const { cache, l2, clock } = setUpL2({ l1: false });
    await cache.set('kept', 'old');
    l2.fate = failing;
    for (let key = 0; key <= 10_000; key += 1) await cache.delete(`key ${key}`);
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
    l2.fate = working;
    expect(await cache.get('kept')).toBeUndefined();

    await clock.advance(2_000);
    expect(l2.operations.at(-1)).toBe('clear');
    expect(l2.entries.size).toBe(0);
  });

  it('keeps trying in the background while the tier is down, without keeping the process alive', async () => {
    const { cache, l2, clock } = setUpL2();
    l2.fate = failing;
    await cache.delete('key');
    await clock.advance(60_000);
    expect(clock.pending('foreground')).toBe(0);
    expect(clock.pending('background')).toBe(1);
    expect(cache.statistics().tiers.l2).toMatchObject({ queued: 1 });

    await cache[Symbol.asyncDispose]();
    expect(clock.pending()).toBe(0);
  });
});
