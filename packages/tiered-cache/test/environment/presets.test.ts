import { hours, InvalidOptionError, minutes } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { type Preset, presets } from '@holdfast/tiered-cache';
import { counted } from '../rig.ts';

/** Reads one key at these instants and tells where each answer came from. */
async function sources(preset: Preset, instants: readonly number[]): Promise<string[]> {
  const clock = new ManualClock();
  const tiers = { l2: new MemoryCache({ clock }), l3: new MemoryCache({ clock }) };
  await using cache = createCache({ namespace: 'shop', clock, ...preset(tiers) });
  const load = counted(() => 'value');
  const seen: string[] = [];
  for (const instant of instants) {
    await clock.advance(instant - clock.now());
    const before = { ...cache.statistics().lookups };
    await cache.get('key', load);
    const after = cache.statistics().lookups;
    const names = ['l1Hit', 'l2Hit', 'l3Hit', 'loaded'] as const;
    seen.push(names.filter((name) => after[name] > before[name]).join());
  }
  return seen;
}

describe('presets', () => {
  it('keep an entry 5 min in memory, 10 min in the shared tier and 1 h in the durable one with phase2', async () => {
    const instants = [0, minutes(5) - 1, minutes(5), minutes(10) - 1, minutes(10), hours(1) - 1, hours(1)];

    expect(await sources(presets.phase2, instants)).toEqual([
      'loaded',
      'l1Hit',
      'l2Hit',
      'l1Hit',
      'l3Hit',
      'l3Hit',
      'loaded',
    ]);
  });

  it('keep an entry 100 ms in memory, 5 min in the shared tier and 1 h in the durable one with interactive', async () => {
    const instants = [0, 99, 100, 199, minutes(5) - 200, minutes(5), hours(1) - 1, hours(1)];

    expect(await sources(presets.interactive, instants)).toEqual([
      'loaded',
      'l1Hit',
      'l2Hit',
      'l1Hit',
      'l2Hit',
      'l3Hit',
      'l3Hit',
      'loaded',
    ]);
  });

  it('let an entry live as long as the lowest tier that there is', () => {
    const cache = new MemoryCache();

    expect(presets.phase2().ttlMs).toBe(minutes(5));
    expect(presets.phase2({ l2: cache }).ttlMs).toBe(minutes(10));
    expect(presets.phase2({ l3: cache }).ttlMs).toBe(hours(1));
    expect(presets.interactive().ttlMs).toBe(100);
    expect(presets.interactive({ l2: cache, l3: cache }).ttlMs).toBe(hours(1));
  });

  it('bound memory to 10,000 entries with phase2', async () => {
    await using cache = createCache({ namespace: 'shop', ...presets.phase2() });

    expect(cache.statistics().tiers.l1?.capacityEntries).toBe(10_000);
  });

  it('keep the terms that a tier was given by hand', () => {
    const cache = new MemoryCache();

    expect(presets.phase2({ l2: { cache, timeoutMs: 20 }, l3: { cache, ttlMs: hours(2) } })).toEqual({
      ttlMs: hours(2),
      l1: { ttlMs: minutes(5), maxEntries: 10_000 },
      l2: { cache, timeoutMs: 20, ttlMs: minutes(10) },
      l3: { cache, ttlMs: hours(2) },
    });
  });

  it.each([
    [{ l2: 1 }, 'l2 must be an object with get(), getMany(), set(), delete(), clear(), got 1'],
    [{ l2: 0 }, 'l2 must be an object with get(), getMany(), set(), delete(), clear(), got 0'],
    [{ l2: null }, 'l2 must be an object with get(), getMany(), set(), delete(), clear(), got null'],
    [
      { l2: { cache: 'no' } },
      "l2 must be an object with get(), getMany(), set(), delete(), clear(), got 'no'",
    ],
    [{ l3: 'no' }, "l3 must be an object with get(), getMany(), set(), delete(), clear(), got 'no'"],
    [1, 'tiers must be an object, got 1'],
    [null, 'tiers must be an object, got null'],
  ])('refuse %o', (tiers, message) => {
    for (const preset of [presets.phase2, presets.interactive]) {
      const make = (): unknown => preset(tiers as never);
      expect(make).toThrow(InvalidOptionError);
      expect(make).toThrow(message);
    }
  });

  it('have no tier that was not given', () => {
    expect(Object.keys(presets.phase2({ l2: undefined }))).toEqual(['ttlMs', 'l1']);
  });

  it('cannot be changed', () => {
    const options = presets.phase2({ l2: new MemoryCache() });

    for (const each of [presets, options, options.l1, options.l2]) expect(Object.isFrozen(each)).toBe(true);
  });
});
