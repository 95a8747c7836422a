import { describe, expect, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';
import { failing, neighbour, setUp, setUpL2 } from '../rig.ts';

describe('the view of an entry', () => {
  it('shows value, state, place, age, tags and version', async () => {
    const { cache, clock } = setUp({ l2: undefined, l3: undefined, ttlMs: 100, staleIfErrorMs: 100 });
    await cache.set('key', 'value', { tags: ['red'], version: 3 });
    await clock.advance(40);
    expect(await cache.entry('key')).toEqual({
      value: 'value',
      state: 'fresh',
      tier: 'l1',
      ageMs: 40,
      tags: ['red'],
      version: 3,
    });

    await clock.advance(60);
    expect(await cache.entry('key')).toMatchObject({ state: 'stale', ageMs: 100 });
    await clock.advance(100);
    expect(await cache.entry('key')).toBeUndefined();
  });

  it('shows what a lower tier holds, with the age that it has there', async () => {
    const rig = setUp({ ttlMs: 1_000 });
    await rig.cache.set('key', 'value');
    await rig.clock.advance(300);

    expect(await neighbour(rig).entry('key')).toMatchObject({ tier: 'l2', ageMs: 300 });
    rig.l2.entries.clear();
    expect(await neighbour(rig).entry('key')).toMatchObject({ tier: 'l3', ageMs: 300 });
  });

  it('shows nothing of what a tag or another process has deleted', async () => {
    await using fleet = new Fleet(2);
    const [a, b] = fleet.nodes;
    await a?.cache.set('key', 'value', { tags: ['red'] });
    await b?.cache.get('key');
    await a?.cache.deleteTag('red');
    await fleet.clock.advance(5);

    expect([await a?.cache.entry('key'), await b?.cache.entry('key')]).toEqual([undefined, undefined]);
  });

  it('shows what is held when the tiers fail', async () => {
    const { cache, clock, l2 } = setUpL2({ ttlMs: 100, staleIfErrorMs: 1_000 });
    await cache.set('key', 'value');
    await clock.advance(150);
    l2.fate = failing;

    expect(await cache.entry('key')).toMatchObject({ state: 'stale', tier: 'l1' });
  });

  it('counts as no lookup', async () => {
    const { cache } = setUpL2();
    await cache.set('key', 1);
    await cache.entry('key');
    await cache.entry('other');

    expect(Object.values(cache.statistics().lookups).every((count) => count === 0)).toBe(true);
  });
});
