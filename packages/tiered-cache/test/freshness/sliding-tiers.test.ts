import { settle } from '@holdfast/core/testing';
import { MemoryCache, type TieredCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { layout } from '../../src/entry/layout.ts';
import { counted, failing, hanging, neighbour, setUp, setUpL2, working } from '../rig.ts';

const sliding: Partial<TieredCacheOptions> = { ttlMs: 10_000, slidingMs: 1_000 };

describe('a life that slides in tiers', () => {
  it('is lengthened below by hits in memory, for whoever reads it there after a restart', async () => {
    const rig = setUp(sliding);
    await rig.cache.set('key', 'value');
    await rig.clock.advance(600);
    expect(rig.cache.peek('key')).toBe('value');
    await rig.clock.advance(999);
    await rig.cache[Symbol.asyncDispose]();
    const tiers = [{ l3: undefined }, { l2: undefined }];
    const others = tiers.map((only) => neighbour(rig, { ...sliding, ...only }));
    for (const other of others) expect((await other.entry('key'))?.state).toBe('fresh');

    await rig.clock.advance(1);
    for (const other of others) expect(await other.entry('key')).toBeUndefined();
  });

  it('is lengthened by hits below, where there is no memory', async () => {
    const { cache, clock, l2 } = setUpL2({ ...sliding, l1: false });
    await cache.set('key', 'value');
    for (let ms = 0; ms < 9_500; ms += 500) {
      await clock.advance(500);
      expect([ms, await cache.get('key')]).toEqual([ms, 'value']);
    }
    await clock.advance(500);

    expect(await cache.get('key')).toBeUndefined();
    expect(l2.operations.filter((operation) => operation.startsWith('set'))).toHaveLength(19);
  });

  it('is written at most once in a quarter of slidingMs, however many hits there are', async () => {
    const { cache, clock, l2 } = setUpL2(sliding);
    await cache.set('key', 'value');
    l2.operations.length = 0;
    for (let ms = 0; ms < 1_000; ms += 1) {
      await clock.advance(1);
      cache.peek('key');
      await cache.get('key');
      await cache.getMany(['key']);
    }

    expect(l2.operations.filter((operation) => operation.startsWith('set'))).toHaveLength(4);
    expect(l2.operations).toHaveLength(8);
    expect(cache.statistics().lookups.l1Hit).toBe(3_000);
  });

  it('asks for nothing where it does not slide', async () => {
    const { cache, clock, l2 } = setUpL2({ ttlMs: 10_000 });
    await cache.set('key', 'value');
    l2.operations.length = 0;
    for (let ms = 0; ms < 9_000; ms += 100) {
      await clock.advance(100);
      await cache.get('key');
    }

    expect(l2.operations).toEqual([]);
  });

  it('makes no hit wait, whatever the tiers do', async () => {
    const { cache, clock, l2 } = setUpL2(sliding);
    await cache.set('key', 'value');
    l2.fate = hanging;
    for (let ms = 0; ms < 900; ms += 100) {
      await clock.advance(100);
      expect(cache.peek('key')).toBe('value');
      expect(await cache.get('key', () => 'another')).toBe('value');
    }
  });

  it('ends where no tier answers, which is tried again by a later hit', async () => {
    const { cache, clock, l2 } = setUpL2({ ...sliding, tierTimeoutMs: 10 });
    await cache.set('key', 'value');
    l2.fate = failing;
    await clock.advance(300);
    cache.peek('key');
    await settle();
    l2.fate = working;
    await clock.advance(200);
    cache.peek('key');
    await settle();
    expect(cache.statistics().slides).toEqual({ extended: 0, refused: 1 });
    await clock.advance(100);
    cache.peek('key');
    await settle();
    expect(cache.statistics().slides).toEqual({ extended: 1, refused: 1 });
    await clock.advance(999);
    expect(cache.peek('key')).toBe('value');

    l2.fate = failing;
    await clock.advance(1);
    expect(cache.peek('key')).toBeUndefined();
  });

  it('ends in memory as well once the tier has lost the entry', async () => {
    const { cache, clock, l2 } = setUpL2(sliding);
    await cache.set('key', 'value');
    l2.entries.clear();
    for (let ms = 0; ms < 900; ms += 100) {
      await clock.advance(100);
      expect(cache.peek('key')).toBe('value');
    }
    await clock.advance(100);

    expect([cache.peek('key'), l2.entries.size]).toEqual([undefined, 0]);
  });

  it('does not come back by a hit that a deletion has overtaken, or was overtaken by', async () => {
    for (const earlyMs of [0, 5, 15, 25]) {
      const rig = setUpL2(sliding);
      const { cache, clock, l2 } = rig;
      await cache.set('key', 'value');
      await clock.advance(500);
      l2.fate = () => ({ delayMs: 10 });
      cache.peek('key');
      await clock.advance(earlyMs);
      const deleting = cache.delete('key');
      await clock.advance(100);
      await deleting;

      expect(cache.peek('key')).toBeUndefined();
      expect(l2.entries.size).toBe(0);
    }
  });

  it('does not replace what is set meanwhile', async () => {
    for (const earlyMs of [0, 5, 15, 25]) {
      const rig = setUpL2(sliding);
      const { cache, clock, l2 } = rig;
      await cache.set('key', 'old');
      await clock.advance(500);
      l2.fate = () => ({ delayMs: 10 });
      cache.peek('key');
      await clock.advance(earlyMs);
      const setting = cache.set('key', 'new');
      await clock.advance(100);
      await setting;
      l2.fate = working;

      expect(cache.peek('key')).toBe('new');
      expect(await neighbour(rig, { ...sliding, l3: undefined }).get('key')).toBe('new');
    }
  });

  it('is not begun again by a hit that expire has overtaken, or was overtaken by', async () => {
    for (const earlyMs of [0, 5, 15, 25]) {
      const options = { ...sliding, staleIfErrorMs: 5_000 };
      const rig = setUpL2(options);
      const { cache, clock, l2 } = rig;
      await cache.set('key', 'old');
      await clock.advance(500);
      l2.fate = () => ({ delayMs: 10 });
      cache.peek('key');
      await clock.advance(earlyMs);
      const expiring = cache.expire('key');
      await clock.advance(100);
      await expiring;
      l2.fate = working;

      expect([cache.peek('key'), (await cache.entry('key'))?.state]).toEqual([undefined, 'stale']);
      const other = neighbour(rig, { ...options, l3: undefined });
      expect([await other.get('key'), (await other.entry('key'))?.state]).toEqual([undefined, 'stale']);
    }
  });

  it('is not lengthened where a write of the key is owed to the tier', async () => {
    const { cache, clock, l2 } = setUpL2({ ...sliding, tierTimeoutMs: 10 });
    await cache.set('key', 'old');
    await clock.advance(100);
    l2.fate = failing;
    await cache.set('key', 'new');
    await clock.advance(500);
    l2.operations.length = 0;

    expect(cache.peek('key')).toBe('new');
    await settle();
    expect(l2.operations).toEqual([]);
    expect(cache.statistics().slides).toEqual({ extended: 0, refused: 1 });
  });

  it('goes on in a further tier where the nearer one keeps nothing for so long', async () => {
    const { clock } = setUp();
    const l2 = { cache: new MemoryCache({ clock }), ttlMs: 800 };
    const l3 = new MemoryCache({ clock });
    const { cache } = setUp({ ...sliding, clock, l1: { ttlMs: 100 }, l2, l3 });
    const load = counted(() => 'value');
    for (let ms = 0; ms < 9_900; ms += 900) {
      expect(await cache.get('key', load)).toBe('value');
      await clock.advance(900);
    }

    expect(load.calls).toBe(1);
    expect(cache.statistics().lookups.l3Hit).toBe(10);
  });

  it('lets memory answer for l1.ttlMs more when the tier has confirmed the entry, and for no longer', async () => {
    const { cache, clock, l2 } = setUpL2({ ...sliding, l1: { ttlMs: 400 } });
    await cache.set('key', 'value');
    await clock.advance(300);
    cache.peek('key');
    await clock.advance(399);
    l2.entries.clear();
    expect(cache.peek('key')).toBe('value');

    await clock.advance(1);
    expect([cache.peek('key'), await cache.get('key')]).toEqual([undefined, undefined]);
  });

  it('spares a load where another process has lengthened what is stale here', async () => {
    const options = { ...sliding, staleWhileRevalidateMs: 5_000, l3: undefined };
    const rig = setUpL2(options);
    const other = neighbour(rig, options);
    await rig.cache.set('key', 'value');
    await other.get('key');
    await rig.clock.advance(600);
    rig.cache.peek('key');
    await rig.clock.advance(600);
    const load = counted(() => 'another');
    expect([other.peek('key'), await other.get('key', load)]).toEqual([undefined, 'value']);
    await settle();

    expect([other.peek('key'), load.calls]).toEqual(['value', 0]);
  });

  it('is waited for by who disposes the cache', async () => {
    const { cache, clock, l2 } = setUpL2(sliding);
    await cache.set('key', 'value');
    await clock.advance(500);
    l2.fate = () => ({ delayMs: 10 });
    cache.peek('key');
    await settle();
    const disposed = cache[Symbol.asyncDispose]();
    await clock.advance(20);
    await disposed;

    expect(l2.operations.slice(-2)).toEqual(['get shop:v:key', 'set shop:v:key']);
    expect(clock.pending()).toBe(0);
  });

  it.each([
    ['expired', 'stale', (cache: TieredCache) => cache.expire('key')],
    ['replaced', 'fresh', (cache: TieredCache) => cache.set('key', 'new')],
    ['deleted', 'gone', (cache: TieredCache) => cache.delete('key')],
  ])(
    'is not lengthened by a process that was not told that another one has %s it',
    async (_what, state, change) => {
      const options = { ...sliding, staleIfErrorMs: 5_000, l3: undefined };
      const rig = setUpL2(options);
      const unaware = neighbour(rig, options);
      await rig.cache.set('key', 'old');
      await unaware.get('key');
      await rig.clock.advance(500);
      await change(rig.cache);
      expect(unaware.peek('key')).toBe('old');
      await settle();
      expect(unaware.statistics().slides).toEqual({ extended: 0, refused: 1 });
      await rig.clock.advance(500);

      expect(unaware.peek('key')).toBeUndefined();
      const entry = await neighbour(rig, options).entry('key');
      expect(entry?.state ?? 'gone').toBe(state);
      expect(entry?.value).toBe({ stale: 'old', fresh: 'new', gone: undefined }[state]);
    },
  );

  it('reaches ttlMs at most where somebody has raised it further in the tier, encrypted or not', async () => {
    for (const l1 of [{}, false] as const) {
      const encryption = { keys: [{ id: 'one', secret: Buffer.alloc(32, 1) }] };
      const { cache, clock, l2 } = setUpL2({ ...sliding, l1, encryption });
      await cache.set('key', 'value');
      const envelope = Buffer.from(l2.entries.get('shop:v:key') as Uint8Array);
      envelope.writeDoubleLE(clock.epoch() + 1e9, layout.freshUntilAt);
      l2.entries.set('shop:v:key', envelope);
      await clock.advance(500);
      expect(await cache.get('key')).toBe('value');
      await clock.advance(9_499);
      expect(await cache.get('key')).toBe('value');

      await clock.advance(1);
      expect(await cache.get('key')).toBeUndefined();
    }
  });
});
