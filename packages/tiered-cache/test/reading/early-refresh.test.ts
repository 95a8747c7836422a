import { settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { Fleet } from '../coherence/fleet.ts';
import { counted, setUp } from '../rig.ts';

const alone = { l2: undefined, l3: undefined } as const;

describe('earlyRefresh at a share of the life', () => {
  it('loads once in the background from then on, and gives out what is held meanwhile', async () => {
    const { cache, clock } = setUp({ ...alone, earlyRefresh: { atRatio: 0.8 } });
    await cache.set('key', 'old');
    const load = counted(
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve('new'), 50)),
    );
    await clock.advance(799);
    expect(await cache.get('key', load)).toBe('old');
    expect(load.calls).toBe(0);

    await clock.advance(1);
    for (let reads = 0; reads < 10; reads += 1) expect(await cache.get('key', load)).toBe('old');
    expect(load.calls).toBe(1);
    await clock.advance(50);
    expect(await cache.get('key', load)).toBe('new');
    expect(load.calls).toBe(1);
    expect(cache.statistics().refreshes).toEqual({ success: 1, failure: 0 });
  });

  it('is tried again only after loadRetryMs when it has failed, and the value lives to its end', async () => {
    const { cache, clock } = setUp({ ...alone, earlyRefresh: { atRatio: 0.5 }, loadRetryMs: 300 });
    await cache.set('key', 'old');
    const load = counted(() => {
      throw new Error('source down');
    });
    for (let ms = 500; ms < 1_000; ms += 10) {
      await clock.advance(ms === 500 ? 500 : 10);
      expect(await cache.get('key', load)).toBe('old');
    }
    expect(load.calls).toBe(2);

    await clock.advance(10);
    await expect(cache.get('key', load)).rejects.toThrow('source down');
  });

  it('hides no fresh value from whoever brings no loader', async () => {
    const { cache, clock } = setUp({ ...alone, earlyRefresh: { atRatio: 0.5 } });
    await cache.set('key', 'value');
    await clock.advance(999);

    expect([cache.peek('key'), await cache.get('key'), (await cache.getMany(['key'])).get('key')]).toEqual([
      'value',
      'value',
      'value',
    ]);
    expect([...cache.dump()].map(({ key }) => key)).toEqual(['key']);
    await clock.advance(1);
    expect([cache.peek('key'), await cache.get('key'), (await cache.getMany(['key'])).get('key')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('loads once in a fleet, and all hold what it brought', async () => {
    await using fleet = new Fleet(4, { ttlMs: 1_000, earlyRefresh: { atRatio: 0.8 } });
    const { clock, nodes } = fleet;
    await nodes[0]?.cache.set('key', 'old');
    for (const { cache } of nodes) await cache.get('key');
    await clock.advance(850);
    const load = counted(
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve('new'), 40)),
    );
    for (const { cache } of nodes) expect(await cache.get('key', load)).toBe('old');
    await clock.advance(140);

    expect(load.calls).toBe(1);
    expect(nodes.map(({ cache }) => cache.peek('key'))).toEqual(['new', 'new', 'new', 'new']);
  });

  it('does not load again what another process has refreshed already', async () => {
    await using fleet = new Fleet(2, { ttlMs: 1_000, earlyRefresh: { atRatio: 0.5 } });
    const [a, b] = fleet.nodes;
    await a?.cache.set('key', 'old');
    await b?.cache.get('key');
    await fleet.clock.advance(600);
    await a?.cache.get('key', () => 'new');
    await settle();
    const load = counted(() => 'not needed');

    expect(await b?.cache.get('key', load)).toBe('old');
    await settle();
    expect([b?.cache.peek('key'), load.calls]).toEqual(['new', 0]);
  });

  it('does not keep what was deleted while it ran', async () => {
    const { cache, clock } = setUp({ ...alone, earlyRefresh: { atRatio: 0.5 } });
    await cache.set('key', 'old');
    await clock.advance(600);
    await cache.get(
      'key',
      () => new Promise<string>((resolve) => void clock.schedule(() => resolve('older'), 50)),
    );
    await cache.delete('key');
    await clock.advance(50);

    expect(cache.peek('key')).toBeUndefined();
  });

  it('has nothing to do for what never expires', async () => {
    const { cache, clock } = setUp({ ...alone, ttlMs: Infinity, earlyRefresh: { atRatio: 0.5 } });
    const load = counted(() => 'value');
    await cache.get('key', load);
    await clock.advance(10 * 365 * 86_400_000);
    await cache.get('key', load);

    expect(load.calls).toBe(1);
  });
});

describe('earlyRefresh by chance', () => {
  it('never refreshes what took no time to load, nor what was set', async () => {
    const { cache, clock } = setUp({ ...alone, earlyRefresh: { beta: 1 }, random: () => 0.999_999 });
    const load = counted(() => 'value');
    await cache.get('quick', load);
    await cache.set('set', 'value');
    await clock.advance(999);
    await cache.get('quick', load);
    await cache.get('set', load);

    expect(load.calls).toBe(1);
  });

  it('is ever the likelier the slower the load was, and the larger beta', async () => {
    const refreshed = async (loadMs: number, beta: number): Promise<boolean> => {
      const { cache, clock } = setUp({ ...alone, earlyRefresh: { beta }, random: () => 0.5 });
      const load = counted(
        () => new Promise<string>((resolve) => void clock.schedule(() => resolve('value'), loadMs)),
      );
      void cache.get('key', load);
      await clock.advance(loadMs + 900);
      await cache.get('key', load);
      return load.calls === 2;
    };

    // -ln(0.5) is 0.69: a load of 100 ms is due 69 ms before its end, one of 200 ms 139 ms before.
    expect([await refreshed(100, 1), await refreshed(200, 1), await refreshed(100, 2)]).toEqual([
      false,
      true,
      true,
    ]);
  });
});

describe('earlyRefresh', () => {
  it.each([
    [{ atRatio: -0.1 }, 'earlyRefresh.atRatio must be'],
    [{ atRatio: 1.1 }, 'earlyRefresh.atRatio must be'],
    [{ atRatio: Number.NaN }, 'earlyRefresh.atRatio must be'],
    [{ beta: -1 }, 'earlyRefresh.beta must be'],
    [{ beta: Number.NaN }, 'earlyRefresh.beta must be'],
    [{ beta: '1' }, 'earlyRefresh.beta must be'],
    [{}, 'earlyRefresh.beta must be'],
  ])('cannot be %j', (earlyRefresh, message) => {
    expect(() => setUp({ earlyRefresh: earlyRefresh as never })).toThrow(message);
  });
});
