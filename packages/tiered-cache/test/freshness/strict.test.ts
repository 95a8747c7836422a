import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { failing, Fleet, hanging, type Node, working } from '../coherence/fleet.ts';
import { setUpL2 } from '../rig.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

beforeEach(async () => {
  fleet = new Fleet(2);
  const [first, second] = fleet.nodes;
  if (first === undefined || second === undefined) throw new Error('there are two');
  a = first;
  b = second;
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

const queued = { code: 'ERR_CACHE_WRITE_QUEUED', tier: 'l2', cache: 'n', name: 'WriteQueuedError' };

describe('a strict write', () => {
  it.each(['set', 'delete', 'expire', 'deleteTag', 'expireTag', 'clear'] as const)(
    'rejects when a tier does not take it, with memory dropped, and is made good all the same: %s',
    async (change) => {
      await a.cache.set('key', 'old', { tags: ['red'] });
      await b.cache.get('key');
      a.store.fate = (operation) => (['read', 'get'].includes(operation) ? {} : failing());
      const strict = { strict: true };
      const changing = {
        set: () => a.cache.set('key', 'new', strict),
        delete: () => a.cache.delete('key', strict),
        expire: () => a.cache.expire('key', strict),
        deleteTag: () => a.cache.deleteTag('red', strict),
        expireTag: () => a.cache.expireTag('red', strict),
        clear: () => a.cache.clear(strict),
      };

      await expect(changing[change]()).rejects.toMatchObject(queued);
      expect(a.cache.peek('key')).toBeUndefined();
      expect(await a.cache.get('key')).toBeUndefined();
      a.store.fate = working;
      await fleet.clock.advance(2_500);
      expect(await b.cache.get('key')).toBeUndefined();
      expect(await fleet.add().cache.get('key')).toBeUndefined();
    },
  );

  it('resolves when every tier takes it', async () => {
    expect(await a.cache.set('key', 1, { strict: true })).toMatchObject({ l1: 'applied', l2: 'applied' });
    expect(await a.cache.delete('key', { strict: true })).toMatchObject({ l1: 'applied', l2: 'applied' });
  });

  it('is no failure when a newer version is there', async () => {
    await a.cache.set('key', 2, { version: 2 });

    expect(await b.cache.set('key', 1, { version: 1, strict: true })).toMatchObject({ l2: 'refused' });
  });

  it('has the reason as its cause', async () => {
    a.store.fate = hanging;
    const writing = a.cache.delete('key', { strict: true }).catch((error: unknown) => error);
    await fleet.clock.advance(250);

    expect(await writing).toMatchObject({ ...queued, cause: { code: 'ERR_CACHE_TIER_TIMEOUT' } });
  });

  it('is the habit of a strict cache, which a write may depart from', async () => {
    const { cache, l2 } = setUpL2({ strict: true });
    l2.fate = () => ({ fails: 'before' });

    await expect(cache.set('key', 1)).rejects.toMatchObject({ ...queued, cache: 'shop' });
    expect(cache.peek('key')).toBeUndefined();
    expect(await cache.set('key', 1, { strict: false })).toEqual({ l1: 'applied', l2: 'queued' });
    expect(cache.peek('key')).toBe(1);
  });
});
