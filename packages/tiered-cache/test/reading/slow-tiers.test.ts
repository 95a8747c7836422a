import { describe, expect, it } from 'vitest';

import { CoherentMemoryStore, coherentTier } from '../coherence/coherent-memory-store.ts';
import { Fleet, failing, maxStalenessMs } from '../coherence/fleet.ts';
import { counted, setUp, setUpL2 } from '../rig.ts';
import { ScriptedStore } from '../scripted-store.ts';

const stale = { ttlMs: 1_000, staleIfErrorMs: 10_000, tierSoftTimeoutMs: 50 } as const;

describe('a slow tier', () => {
  it('is waited for no longer than tierSoftTimeoutMs where a stale value may stand in, and refreshes it', async () => {
    const { cache, clock, l2 } = setUpL2(stale);
    await cache.set('key', 'old');
    await clock.advance(1_500);
    l2.fate = () => ({ delayMs: 100 });
    const load = counted(() => 'new');
    let answer: unknown;
    void cache.get('key', load).then((value) => (answer = value));
    await clock.advance(49);
    expect(answer).toBeUndefined();

    await clock.advance(1);
    expect(answer).toBe('old');
    await clock.advance(200);
    expect([cache.peek('key'), load.calls]).toEqual(['new', 1]);
  });

  it('is waited for as long as its timeout where nothing may stand in', async () => {
    const { cache, clock, l2 } = setUpL2({ ...stale, staleIfErrorMs: 0 });
    await cache.set('key', 'old');
    await clock.advance(1_500);
    l2.fate = () => ({ delayMs: 100 });
    let answer: unknown;
    void cache.get('key', () => 'new').then((value) => (answer = value));
    await clock.advance(99);
    expect(answer).toBeUndefined();

    await clock.advance(1);
    expect(answer).toBe('new');
  });

  it('is waited for where the stale value is deleted meanwhile', async () => {
    const { cache, clock, l2 } = setUpL2(stale);
    await cache.set('key', 'old');
    await clock.advance(1_500);
    l2.fate = () => ({ delayMs: 100 });
    const reading = cache.get('key', () => 'new');
    await clock.advance(10);
    const deleted = cache.delete('key');
    await clock.advance(500);
    await deleted;

    expect(await reading).toBe('new');
  });

  it('is waited for where the time of the stale value runs out meanwhile', async () => {
    const { cache, clock, l2 } = setUpL2({ ...stale, staleIfErrorMs: 520 });
    await cache.set('key', 'old');
    await clock.advance(1_500);
    l2.fate = () => ({ delayMs: 100 });
    const reading = cache.get('key', () => 'new');
    await clock.advance(500);

    expect(await reading).toBe('new');
  });

  it('holds one read up by the timeouts of all tiers in sum, whatever it has to ask them', async () => {
    await using fleet = new Fleet(2, { tierTimeoutMs: 250 });
    const [a, b] = fleet.nodes;
    for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
    await a?.cache.set('key', 'value', { tags: ['red'] });
    if (b !== undefined) b.store.fate = (operation) => (operation === 'read' ? failing() : { replyMs: 200 });
    await fleet.clock.advance(maxStalenessMs + 200);
    const startedAt = fleet.clock.now();
    if (b !== undefined) await fleet.during(b.cache.get('key', () => 'loaded'));

    expect(fleet.clock.now() - startedAt).toBeLessThanOrEqual(251);
  });

  it('leaves the tiers behind it what is left of the sum', async () => {
    await using fleet = new Fleet(1);
    const [a] = fleet.nodes;
    const store = new CoherentMemoryStore(fleet.server);
    const durable = new ScriptedStore(fleet.clock);
    const { cache } = fleet.add({ tierTimeoutMs: 250, l2: coherentTier(store), l3: durable });
    for (const each of [a?.cache, cache])
      if (each !== undefined) await fleet.during(each.get('warm', () => 1));
    await a?.cache.set('key', 'value', { tags: ['red'] });
    store.fate = (operation) => (operation === 'read' ? failing() : { replyMs: 100 });
    durable.fate = () => ({ delayMs: Infinity });
    await a?.cache.deleteTag('red');
    await fleet.clock.advance(maxStalenessMs + 200);
    const startedAt = fleet.clock.now();
    const lookedUp = cache.get('key');
    await fleet.clock.advance(500);

    expect(await fleet.during(lookedUp)).toBeUndefined();
    expect(fleet.clock.now() - startedAt).toBeLessThanOrEqual(501);
  });

  it('is asked once for all keys of many whether they can be believed', async () => {
    await using fleet = new Fleet(2);
    const [a, b] = fleet.nodes;
    for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    for (const key of keys) await a?.cache.set(key, key, { tags: [`tag of ${key}`] });
    if (b === undefined) throw new Error('there are two');
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(maxStalenessMs + 200);
    b.store.operations.length = 0;

    expect((await b.cache.getMany(keys)).size).toBe(50);
    expect(b.store.operations.filter((operation) => operation !== 'read').toSorted()).toEqual([
      'getMany',
      'state',
      'tags',
    ]);
  });

  it.each([0, -1, Number.NaN, Infinity, '50'])(
    'cannot have %j for tierSoftTimeoutMs',
    (tierSoftTimeoutMs) => {
      expect(() => setUp({ tierSoftTimeoutMs: tierSoftTimeoutMs as number })).toThrow(
        'tierSoftTimeoutMs must be',
      );
    },
  );
});
