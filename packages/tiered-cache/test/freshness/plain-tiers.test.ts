import { ManualClock } from '@holdfast/core/testing';
import { createCache, MemoryCache, type TieredCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { failing, neighbour, setUp, setUpL2, working } from '../rig.ts';

const red = { tags: ['red'] };
const fail = (): never => {
  throw new Error('source down');
};

/** A cache over a `MemoryCache` that outlives it. */
function setUpMemory(options: Partial<TieredCacheOptions> = {}) {
  const clock = new ManualClock();
  const l2 = new MemoryCache({ clock });
  const start = (): TieredCache => createCache({ namespace: 'n', ttlMs: 600_000, clock, l2, ...options });
  return { clock, l2, start, cache: start() };
}

describe('tags on tiers without a log', () => {
  it('delete what bears them in memory and below, and nothing else', async () => {
    const { cache } = setUpMemory();
    await cache.set('one', 1, red);
    await cache.set('two', 2, { tags: ['blue', 'red'] });
    await cache.set('three', 3, { tags: ['blue'] });
    await cache.deleteTag('red');

    expect(await cache.getMany(['one', 'two', 'three'])).toEqual(new Map([['three', 3]]));
  });

  it('delete what is read from below without memory', async () => {
    const { cache } = setUpMemory({ l1: false });
    await cache.set('key', 1, red);
    await cache.deleteTag('red');
    expect(await cache.get('key')).toBeUndefined();
    await cache.set('key', 2, red);

    expect(await cache.get('key')).toBe(2);
  });

  it('are dead on arrival for a load that began before', async () => {
    const { cache, clock, start } = setUpMemory();
    const loading = cache.get(
      'key',
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve('old'), 50)),
      red,
    );
    await clock.advance(10);
    await cache.deleteTag('red');
    await clock.advance(50);

    expect([await loading, cache.peek('key'), await cache.get('key')]).toEqual(['old', undefined, undefined]);
    expect(await start().get('key')).toBeUndefined();
  });

  it('are gone for whoever asks after the call, though a look at all tiers has found what bears them', async () => {
    const { cache, l3, clock } = setUp({ ttlMs: 600_000, l1: false });
    await cache.set('key', 'old', red);
    l3.fate = (operation) => (operation.startsWith('get') ? { delayMs: 50 } : {});
    const early = cache.getMany(['key', 'in no tier']);
    await clock.advance(10);
    const deleted = cache.deleteTag('red');
    const late = cache.get('key');
    await clock.advance(200);
    await Promise.all([early, deleted]);

    expect(await late).toBeUndefined();
  });

  it('outlive the process', async () => {
    const { cache, clock, start } = setUpMemory({ staleIfErrorMs: 600_000 });
    await cache.set('deleted', 'old', red);
    await cache.set('expired', 'old', { tags: ['blue'] });
    await clock.advance(5);
    await cache.deleteTag('red');
    await cache.expireTag('blue');
    await clock.advance(5);
    const later = start();

    expect(await later.getMany(['deleted', 'expired'])).toEqual(new Map());
    expect(await later.get('expired', fail)).toBe('old');
    await expect(later.get('deleted', fail)).rejects.toThrow('source down');
    await later.set('deleted', 'new', red);
    expect(await start().get('deleted')).toBe('new');
  });

  it('stay deleted when they are expired at the same time', async () => {
    const rig = setUpL2({ staleIfErrorMs: 600_000 });
    await rig.cache.set('key', 'old', red);
    await rig.clock.advance(5);
    let marks = 0;
    rig.l2.fate = (operation, key) => {
      if (operation !== 'set' || !key.includes('t:red')) return {};
      marks += 1;
      return { delayMs: marks === 1 ? 5 : 10 };
    };
    const changes = [rig.cache.deleteTag('red'), rig.cache.expireTag('red')];
    await rig.clock.advance(100);
    await Promise.all(changes);
    rig.l2.fate = working;
    const later = neighbour(rig, { ttlMs: 600_000, staleIfErrorMs: 600_000, l3: undefined });
    await rig.clock.advance(10);

    await expect(later.get('key', fail)).rejects.toThrow('source down');
  });

  it('stay deleted when a process deletes them again whose clock is behind', async () => {
    const rig = setUpL2();
    await rig.cache.set('key', 'old', red);
    await rig.clock.advance(5);
    await rig.cache.deleteTag('red');
    const { clock, l2 } = rig;
    const behind = {
      now: () => clock.now(),
      epoch: () => clock.epoch() - 3_600_000,
      schedule: clock.schedule.bind(clock),
    };
    await createCache({ namespace: 'shop', ttlMs: 1_000, clock: behind, l2 }).deleteTag('red');

    expect(await neighbour(rig, { l3: undefined }).get('key')).toBeUndefined();
  });

  it('are owed to a tier that does not take them, and made good', async () => {
    const rig = setUpL2();
    await rig.cache.set('key', 'old', red);
    await rig.clock.advance(5);
    rig.l2.fate = failing;
    expect(await rig.cache.deleteTag('red')).toEqual({ l1: 'applied', l2: 'queued' });
    expect(rig.cache.peek('key')).toBeUndefined();
    rig.l2.fate = working;
    await rig.clock.advance(1_100);

    expect(await neighbour(rig, { l3: undefined }).get('key')).toBeUndefined();
    expect(rig.cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
  });

  it('that are damaged in the tier count as unknown, and what bears them as gone', async () => {
    const rig = setUpL2();
    await rig.cache.set('key', 'old', red);
    await rig.clock.advance(5);
    const later = neighbour(rig, { l3: undefined });
    rig.l2.fate = (operation, key) => (operation === 'getMany' && key.includes('t:red') ? failing() : {});

    expect(await later.get('key', () => 'loaded')).toBe('loaded');
  });

  it.each(['', 1, null, '\uD800', 'x'.repeat(1_025)])('cannot be called %j', async (tag) => {
    const { cache } = setUp({ l2: undefined, l3: undefined });

    await expect(cache.deleteTag(tag as string)).rejects.toThrow('tag must be');
    await expect(cache.expireTag(tag as string)).rejects.toThrow('tag must be');
    await expect(cache.set('key', 1, { tags: [tag as string] })).rejects.toThrow('tag must be');
  });

  it('can be 128 of an entry', async () => {
    const { cache } = setUpMemory();
    const tags = Array.from({ length: 128 }, (_, index) => `tag ${index}`);
    await cache.set('key', 1, { tags: [...tags, ...tags] });

    expect((await cache.entry('key'))?.tags).toEqual(tags);
    await expect(cache.set('key', 1, { tags: [...tags, 'one more'] })).rejects.toThrow(
      'tags must be at most 128, got 129',
    );
    await expect(cache.set('key', 1, { tags: 'red' as never })).rejects.toThrow(
      "tags must be a list of texts, got 'red'",
    );
  });
});

describe('advice', () => {
  it.each([
    ['nothing to memory alone', { l2: undefined, l3: undefined }, []],
    ['what a tier without a log gives up', { l3: undefined }, ['no-log', 'unbounded-staleness']],
    ['less where memory is bounded', { l3: undefined, l1: { ttlMs: 5_000 } }, ['no-log']],
    ['less without memory', { l3: undefined, l1: false as const }, ['no-log']],
  ])('says %s', async (_what, options, codes) => {
    const { cache } = setUp(options);
    const told: string[] = [];
    cache.events.subscribe((event) => {
      if (event.type === 'advice') told.push(event.advice.code);
    });
    await Promise.resolve();

    expect(cache.advice.map(({ code }) => code)).toEqual(codes);
    expect(told).toEqual(codes);
  });
});
