import { describe, expect, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';
import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';

const falsy = [[null], [false], [0], ['']] as const;

describe('a falsy value', () => {
  it.each(falsy)('is a hit in memory: %j', async (value) => {
    const { cache } = setUp({ l2: undefined, l3: undefined });
    const load = counted(() => value);
    await cache.get('key', load);

    expect([
      cache.peek('key'),
      await cache.get('key'),
      await cache.get('key', load),
      (await cache.getMany(['key'])).get('key'),
      (await cache.entry('key'))?.value,
    ]).toEqual([value, value, value, value, value]);
    expect(load.calls).toBe(1);
  });

  it.each(falsy)('is a hit in a lower tier, alone and among many: %j', async (value) => {
    const rig = setUpL2();
    await rig.cache.set('key', value);
    const load = counted(() => 'loaded');
    const read = neighbour(rig, { l1: false, l3: undefined });

    expect([
      await read.get('key'),
      await read.get('key', load),
      (await read.getMany(['key'])).get('key'),
      (await read.getMany<unknown>(['key'], () => new Map([['key', load()]]))).get('key'),
      (await read.entry('key'))?.value,
    ]).toEqual([value, value, value, value, value]);
    expect(load.calls).toBe(0);
  });

  it.each(falsy)('is a hit in a tier that a fleet shares: %j', async (value) => {
    await using fleet = new Fleet(2);
    const [a, b] = fleet.nodes;
    const load = counted(() => value);
    const keep = (): ReadonlyMap<string, unknown> => new Map([['other', load()]]);
    await a?.cache.get('key', load);
    await a?.cache.getMany<unknown>(['other'], keep);

    expect([
      await b?.cache.get('key', load),
      (await b?.cache.getMany(['other'], keep))?.get('other'),
    ]).toEqual([value, value]);
    expect(load.calls).toBe(2);
  });

  it.each(falsy)('stands in when it is stale: %j', async (value) => {
    const { cache, clock } = setUp({ l2: undefined, l3: undefined, staleIfErrorMs: 10_000 });
    await cache.set('key', value);
    await clock.advance(1_500);
    const fail = (): never => {
      throw new Error('source down');
    };

    expect(await cache.get('key', fail)).toBe(value);
  });
});

describe('negativeTtlMs', () => {
  it('is the life of null, and of no other value', async () => {
    const { cache, clock } = setUp({ l2: undefined, l3: undefined, negativeTtlMs: 100 });
    await cache.get('nobody', () => null);
    await cache.get('nothing', () => '');
    await clock.advance(99);
    expect([cache.peek('nobody'), cache.peek('nothing')]).toEqual([null, '']);

    await clock.advance(1);
    expect([cache.peek('nobody'), cache.peek('nothing')]).toEqual([undefined, '']);
  });

  it('applies to each key of many', async () => {
    const { cache, clock } = setUp({ l2: undefined, l3: undefined, negativeTtlMs: 100 });
    await cache.getMany<unknown>(
      ['nobody', 'somebody'],
      () =>
        new Map<string, unknown>([
          ['nobody', null],
          ['somebody', 1],
        ]),
    );
    await clock.advance(100);

    expect([cache.peek('nobody'), cache.peek('somebody')]).toEqual([undefined, 1]);
  });

  it('of 0 keeps no null, and drops what was held', async () => {
    const { cache, clock } = setUp({
      l2: undefined,
      l3: undefined,
      negativeTtlMs: 0,
      staleIfErrorMs: 60_000,
    });
    await cache.set('key', 'held');
    await clock.advance(1_500);

    expect(await cache.get('key', () => null)).toBeNull();
    // What was held is not true any more, and the null may stand in for a load that fails.
    expect(await cache.entry('key')).toMatchObject({ value: null, state: 'stale' });
  });

  it('shortens the life in lower tiers as well', async () => {
    const rig = setUpL2({ negativeTtlMs: 100 });
    await rig.cache.get('key', () => null);
    await rig.clock.advance(100);

    expect(await neighbour(rig, { l3: undefined }).get('key', () => 'loaded')).toBe('loaded');
  });

  it.each([-1, Number.NaN, '5' as never])('cannot be %j', (negativeTtlMs) => {
    expect(() => setUp({ negativeTtlMs })).toThrow('negativeTtlMs must be');
  });
});
