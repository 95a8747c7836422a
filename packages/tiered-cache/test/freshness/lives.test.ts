import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';

const dayMs = 86_400_000;
const alone = { l2: undefined, l3: undefined } as const;
const fail = (): never => {
  throw new Error('source down');
};

describe('a life', () => {
  it('goes from fresh to stale while it is refreshed, to stale when loads fail, to gone, at exact instants', async () => {
    const { cache, clock } = setUp({
      ...alone,
      ttlMs: 100,
      staleWhileRevalidateMs: 50,
      staleIfErrorMs: 80,
      loadRetryMs: 0,
    });
    await cache.set('key', 'old');
    const at = async (ms: number): Promise<unknown> => {
      await clock.advance(ms - clock.now());
      return cache.get('key', fail).catch(String);
    };

    expect([await at(99), cache.peek('key')]).toEqual(['old', 'old']);
    expect([await at(100), cache.peek('key')]).toEqual(['old', undefined]);
    expect(cache.statistics().staleServed).toMatchObject({ revalidating: 1, loadError: 0 });
    expect(await at(149)).toBe('old');
    expect(await at(150)).toBe('old');
    expect(cache.statistics().staleServed).toMatchObject({ revalidating: 2, loadError: 1 });
    expect(await at(179)).toBe('old');
    expect(await at(180)).toBe('Error: source down');
    expect(await cache.entry('key')).toBeUndefined();
  });

  it('has its stale times added to it, also where they are longer than itself', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 10, staleWhileRevalidateMs: 1_000, staleIfErrorMs: 5 });
    await cache.set('key', 'old');
    await clock.advance(1_009);
    const refresh = counted(() => 'new');

    expect(await cache.get('key', refresh)).toBe('old');
    await settle();
    expect(await cache.get('key', refresh)).toBe('new');
  });

  it('is kept by what moves up from a lower tier, which is given out again for its remaining life only', async () => {
    const rig = setUp({ ttlMs: 1_000 });
    await rig.cache.set('key', 'value');
    await rig.clock.advance(900);
    const other = neighbour(rig, { ttlMs: 1_000 });
    expect(await other.get('key')).toBe('value');
    await rig.clock.advance(99);
    expect(other.peek('key')).toBe('value');

    await rig.clock.advance(1);
    expect([other.peek('key'), await other.get('key'), await neighbour(rig).get('key')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is not moved by a wall clock that jumps a day, in any tier of the process', async () => {
    for (const jumpMs of [dayMs, -dayMs]) {
      const { cache, clock } = setUp({ ...alone, ttlMs: 1_000, staleIfErrorMs: 1_000 });
      await cache.set('key', 'value', { tags: ['red'] });
      clock.shiftEpoch(jumpMs);
      await clock.advance(999);
      expect(cache.peek('key')).toBe('value');
      await clock.advance(1);
      expect(cache.peek('key')).toBeUndefined();
      expect(await cache.get('key', fail)).toBe('value');
      await clock.advance(1_000);
      await expect(cache.get('key', fail)).rejects.toThrow('source down');
    }
  });

  it('of what was stored while the wall clock was ahead cannot outlast its tag', async () => {
    const { cache, clock } = setUp(alone);
    clock.shiftEpoch(dayMs);
    await cache.get('key', () => 1, { tags: ['red'] });
    clock.shiftEpoch(-dayMs);
    await cache.deleteTag('red');

    expect([cache.peek('key'), await cache.get('key')]).toEqual([undefined, undefined]);
  });

  it('of 0 is not kept, in any tier, and drops what was there', async () => {
    const { cache, l2 } = setUpL2();
    await cache.set('key', 'old');
    await cache.set('key', 'new', { ttlMs: 0 });

    expect([cache.peek('key'), await cache.get('key'), l2.entries.size]).toEqual([undefined, undefined, 0]);
  });

  it('of 0 with a stale time is kept for that', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 0, staleIfErrorMs: 100 });
    await cache.set('key', 'value');
    await clock.advance(99);

    expect(cache.peek('key')).toBeUndefined();
    expect(await cache.get('key', fail)).toBe('value');
  });

  it.each([
    ['1 ms', 1],
    ['24.8 days, the longest of a timer', 2_147_483_647],
    ['25 days', 25 * dayMs],
    ['10 years', 3_650 * dayMs],
  ])('of %s ends with it, and needs no timer', async (_what, ttlMs) => {
    const rig = setUp({ l2: undefined, l3: undefined, ttlMs });
    const { cache, clock } = rig;
    await cache.set('key', 'value');
    await clock.advance(ttlMs - 1);
    expect(cache.peek('key')).toBe('value');
    await clock.advance(1);

    expect(cache.peek('key')).toBeUndefined();
    await clock.advance(1);
    expect(clock.pending()).toBe(0);
  });

  it.each([1, 2_147_483_647, 3_650 * dayMs])('of %d ms ends in lower tiers as well', async (ttlMs) => {
    const rig = setUp({ ttlMs });
    await rig.cache.set('key', 'value');
    await rig.clock.advance(ttlMs - 1);
    expect(await neighbour(rig).get('key')).toBe('value');

    await rig.clock.advance(1);
    expect(await neighbour(rig).get('key')).toBeUndefined();
  });

  it('without end never ends, in memory, in lower tiers and on its way up', async () => {
    const rig = setUp({ ttlMs: Infinity, staleIfErrorMs: Infinity });
    await rig.cache.set('key', 'value');
    await rig.clock.advance(100 * 365 * dayMs);

    expect(rig.cache.peek('key')).toBe('value');
    const other = neighbour(rig, { ttlMs: 1 });
    expect([await other.get('key'), other.peek('key')]).toEqual(['value', 'value']);
    expect(await other.entry('key')).toMatchObject({ state: 'fresh' });
  });

  it('cannot be prolonged by a reader, only shortened in its stale times', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 100, staleIfErrorMs: 100 });
    await cache.set('key', 'old');
    await clock.advance(150);

    await expect(cache.get('key', fail, { staleIfErrorMs: 50 })).rejects.toThrow('source down');
    expect(await cache.get('key', fail, { staleIfErrorMs: 51 })).toBe('old');
    await clock.advance(50);
    await expect(cache.get('key', fail, { staleIfErrorMs: 10_000 })).rejects.toThrow('source down');
  });

  it('cannot be prolonged by a reader who would wait for no refresh either', async () => {
    const { cache, clock } = setUp({
      ...alone,
      ttlMs: 100,
      staleWhileRevalidateMs: 50,
      staleIfErrorMs: 1_000,
    });
    await cache.set('key', 'old');
    await clock.advance(150);

    expect(await cache.get('key', () => 'new', { staleWhileRevalidateMs: 10_000 })).toBe('new');
  });

  it('that is over takes no room in memory once the key has been asked for', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 100 });
    await cache.set('key', 'old');
    await clock.advance(100);
    await cache.get('key');

    expect(cache.statistics().tiers.l1).toMatchObject({ entries: 0 });
  });

  it('that is over, by itself or by a tag, is not dumped', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: 100, staleIfErrorMs: 1_000 });
    await cache.set('stale', 1);
    await clock.advance(100);
    await cache.set('deleted', 2, { tags: ['red'] });
    await cache.set('fresh', 3, { tags: ['blue'] });
    await cache.deleteTag('red');

    expect([...cache.dump()].map(({ key, freshForMs }) => [key, freshForMs])).toEqual([['fresh', 100]]);
  });

  it('in memory ends after l1.ttlMs, and the tiers below are asked again', async () => {
    const rig = setUp({ ttlMs: 1_000, l1: { ttlMs: 100 }, l3: undefined });
    await rig.cache.set('key', 'value');
    await rig.clock.advance(100);
    rig.l2.operations.length = 0;

    expect([rig.cache.peek('key'), await rig.cache.get('key')]).toEqual([undefined, 'value']);
    expect(rig.l2.operations).toHaveLength(1);
    expect(rig.cache.peek('key')).toBe('value');
  });

  it('in a lower tier is bounded by the ttlMs of that tier, also after it was expired', async () => {
    const clock = setUp().clock;
    const l2 = new MemoryCache({ clock });
    const { cache } = setUp({ clock, l1: false, l2: { cache: l2, ttlMs: 100 }, l3: undefined, ttlMs: 1_000 });
    await cache.set('key', 'value');
    await clock.advance(100);
    expect(await cache.get('key')).toBeUndefined();

    const stale = setUp({
      clock,
      l1: false,
      l2: { cache: new MemoryCache({ clock }), ttlMs: 100 },
      l3: undefined,
      ttlMs: 1_000,
      staleIfErrorMs: 10_000,
    });
    await stale.cache.set('key', 'value');
    await clock.advance(50);
    await stale.cache.expire('key');
    await clock.advance(50);
    await expect(stale.cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('in a lower tier is bounded by the ttlMs of that tier, also where it was loaded', async () => {
    const clock = new ManualClock();
    const l2 = new MemoryCache({ clock });
    const start = () => createCache({ namespace: 'n', ttlMs: 1_000, clock, l2: { cache: l2, ttlMs: 100 } });
    await start().get('key', () => 'value');
    await clock.advance(99);
    expect(await start().get('key')).toBe('value');

    await clock.advance(1);
    expect(await start().get('key')).toBeUndefined();
  });

  it.each([-1, -0.001, Number.NaN, -Infinity, '1000', {}])('cannot be %j', async (ttlMs) => {
    const bad = ttlMs as number;
    const { cache } = setUp(alone);

    expect(() => setUp({ ...alone, ttlMs: bad })).toThrow('ttlMs must be');
    await expect(cache.set('key', 1, { ttlMs: bad })).rejects.toThrow('ttlMs must be');
    await expect(cache.get('key', () => 1, { ttlMs: bad })).rejects.toThrow('ttlMs must be');
  });

  it.each(['staleWhileRevalidateMs', 'staleIfErrorMs'] as const)(
    'cannot have a negative %s',
    async (option) => {
      const { cache } = setUp(alone);

      expect(() => setUp({ ...alone, [option]: -1 })).toThrow(`${option} must be`);
      await expect(cache.set('key', 1, { [option]: -1 })).rejects.toThrow(`${option} must be`);
      await expect(cache.get('key', () => 1, { [option]: Number.NaN })).rejects.toThrow(`${option} must be`);
    },
  );
});
