import type { Operation, Policy } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { failing, hanging, setUpL2, working } from './rig.ts';
import { ScriptedStore } from './scripted-store.ts';

describe('a tier that fails', () => {
  it('rejects no read and is told once, as is its recovery', async () => {
    const { cache, l2, events, clock } = setUpL2();
    l2.fate = failing;
    expect(await cache.get('a', () => 1)).toBe(1);
    expect(await cache.get('b')).toBeUndefined();
    expect(await cache.getMany(['c', 'd'])).toEqual(new Map());
    await clock.advance(1_000);
    l2.fate = working;
    await cache.get('e');

    expect(events).toMatchObject([
      { type: 'tier-failed', cache: 'shop', tier: 'l2', error: { message: 'get failed' } },
      { type: 'tier-recovered', cache: 'shop', tier: 'l2' },
    ]);
  });

  it('is left alone for 1 s after 3 failures in a row, then tried one operation at a time', async () => {
    const { cache, l2, clock } = setUpL2();
    l2.fate = failing;
    for (let read = 0; read < 10; read += 1) await cache.get(`key ${read}`);
    expect(l2.operations).toHaveLength(3);
    expect(cache.statistics().tiers.l2).toMatchObject({ errors: 3, skipped: 7, up: 0 });

    await clock.advance(999);
    await cache.get('key');
    expect(l2.operations).toHaveLength(3);

    await clock.advance(1);
    await Promise.all([cache.get('a'), cache.get('b'), cache.get('c')]);
    expect(l2.operations).toHaveLength(4);

    await clock.advance(1_000);
    l2.fate = working;
    await cache.get('a');
    await Promise.all([cache.get('b'), cache.get('c')]);
    expect(l2.operations.slice(4)).toEqual(['get shop:v:a', 'getMany shop:v:b,shop:v:c']);
    expect(cache.statistics().tiers.l2).toMatchObject({ up: 1 });
  });

  it('is tried by one of several operations that come at once, of whatever kind', async () => {
    const { cache, l2, clock } = setUpL2();
    l2.fate = failing;
    for (let read = 0; read < 3; read += 1) await cache.get(`key ${read}`);
    await clock.advance(1_000);
    l2.operations.length = 0;
    await Promise.all([cache.set('a', 1), cache.set('b', 2), cache.get('c')]);

    expect(l2.operations).toHaveLength(1);
  });

  it('holds a read up by its timeout at most', async () => {
    const { cache, l2, clock, events } = setUpL2({ tierTimeoutMs: 40 });
    l2.fate = hanging;
    let answer: unknown;
    void cache.get('key', () => 'loaded').then((value) => (answer = value));
    await clock.advance(39);
    expect(answer).toBeUndefined();

    await clock.advance(1);
    expect(answer).toBe('loaded');
    expect(events).toMatchObject([
      { type: 'tier-failed', error: { code: 'ERR_CACHE_TIER_TIMEOUT', timeoutMs: 40, tier: 'l2' } },
    ]);
  });

  it.each([
    ['250 ms', {}, 250],
    ['its own timeout', { timeoutMs: 30 }, 30],
  ])('is waited for %s', async (_what, more, timeoutMs) => {
    const clock = new ManualClock();
    const store = new ScriptedStore(clock);
    store.fate = hanging;
    const cache = createCache({ namespace: 'n', ttlMs: 1_000, clock, l3: { cache: store, ...more } });
    let settled = false;
    void cache.get('key').then(() => (settled = true));
    await clock.advance(timeoutMs - 1);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(settled).toBe(true);
  });

  it('is asked through the guard that was given, which sees failures and timeouts', async () => {
    const seen: unknown[] = [];
    let open = false;
    const guard: Policy = {
      execute: async <T>(operation: Operation<T>): Promise<T> => {
        if (open) throw new Error('open');
        try {
          return await operation({} as never);
        } catch (error) {
          seen.push((error as Error).name);
          throw error;
        }
      },
    };
    const clock = new ManualClock();
    const store = new ScriptedStore(clock);
    const cache = createCache({
      namespace: 'n',
      ttlMs: 1_000,
      clock,
      l2: { cache: store, guard, timeoutMs: 10 },
    });
    store.fate = failing;
    await cache.get('a');
    store.fate = hanging;
    await Promise.all([cache.get('b'), clock.advance(10)]);
    open = true;
    await cache.get('c');

    expect(seen).toEqual(['Error', 'TierTimeoutError']);
    expect(cache.statistics().tiers.l2).toMatchObject({ errors: 2, skipped: 1 });
    expect(store.operations).toEqual(['get n:v:a', 'get n:v:b']);
  });

  it('is not waited for longer because a guard queues, and not asked afterwards', async () => {
    const gate = Promise.withResolvers<void>();
    const guard: Policy = {
      execute: async <T>(operation: Operation<T>): Promise<T> => {
        await gate.promise;
        return operation({} as never);
      },
    };
    const clock = new ManualClock();
    const store = new ScriptedStore(clock);
    const cache = createCache({ namespace: 'n', ttlMs: 1_000, clock, l2: { cache: store, guard } });
    const reading = cache.get('key');
    await clock.advance(250);
    expect(await reading).toBeUndefined();

    gate.resolve();
    await settle();
    expect(store.operations).toEqual([]);
  });

  it('rejects no read and keeps no disposal waiting when its guard throws at once', async () => {
    const clock = new ManualClock();
    const guard: Policy = {
      execute: () => {
        throw new Error('open');
      },
    };
    const l2 = { cache: new ScriptedStore(clock), guard };
    const cache = createCache({ namespace: 'n', ttlMs: 1_000, clock, l2 });

    expect(await cache.get('key', () => 'loaded')).toBe('loaded');
    expect(await cache.set('key', 'set')).toEqual({ l1: 'applied', l2: 'queued' });
    await cache[Symbol.asyncDispose]();
    expect(clock.pending()).toBe(0);
  });
});
