import { describe, expect, it } from 'vitest';

import { Fleet, hanging, maxStalenessMs, type Node, working } from './fleet.ts';

const other = 'other';

/** Two processes, of which one changes something that the replica has not heard of when it takes over. */
async function failOver(
  fleet: Fleet,
  change: (cache: Node['cache']) => Promise<unknown>,
  afterMs = 0,
): Promise<readonly [Node, Node]> {
  const [a, b] = fleet.nodes as [Node, Node];
  for (const key of ['key', other]) await fleet.during(a.cache.get(key, () => 'old', { tags: ['red'] }));
  await fleet.during(b.cache.getMany(['key', other]));
  const takeOver = fleet.server.replica();
  await change(a.cache);
  await fleet.clock.advance(afterMs);
  takeOver();
  await fleet.clock.advance(maxStalenessMs);
  return [a, b];
}

describe('what was acknowledged and is lost at a failover', () => {
  it.each<[string, (cache: Node['cache']) => Promise<unknown>, string | undefined]>([
    ['a deletion', (cache) => cache.delete('key'), 'old'],
    ['a deletion with a version', (cache) => cache.delete('key', { version: 7 }), 'old'],
    ['a set', (cache) => cache.set('key', 'new'), 'old'],
    ['an expiry', (cache) => cache.expire('key'), 'old'],
    ['a deletion by tag', (cache) => cache.deleteTag('red'), undefined],
    ['an expiry by tag', (cache) => cache.expireTag('red'), undefined],
    ['a clear', (cache) => cache.clear(), undefined],
  ])('is made good by who has done it: %s', async (_what, change, neighbour) => {
    await using fleet = new Fleet(2);
    const [a, b] = await failOver(fleet, change);
    const late = fleet.add();

    for (const { cache } of [a, b, late]) {
      expect(await fleet.during(cache.get('key'))).toBeUndefined();
      expect(await fleet.during(cache.get(other))).toBe(neighbour);
    }
  });

  it('refuses what is older than its version on the new server as well', async () => {
    await using fleet = new Fleet(2);
    const [, b] = await failOver(fleet, (cache) => cache.delete('key', { version: 7 }));

    expect(await b.cache.set('key', 'older', { version: 6 })).toMatchObject({ l2: 'refused' });
    expect(await b.cache.set('key', 'newer', { version: 8 })).toMatchObject({ l2: 'applied' });
  });

  it('is known of the last 5 s before the last write, however long the failover took', async () => {
    await using fleet = new Fleet(2);
    const change = async (cache: Node['cache']): Promise<void> => {
      await cache.delete('key');
      await fleet.clock.advance(5_001);
      await cache.delete(other);
    };
    const [, b] = await failOver(fleet, change, 60_000);

    expect(await fleet.during(b.cache.get('key'))).toBe('old');
    expect(await fleet.during(b.cache.get(other))).toBeUndefined();
  });

  it('is not repeated where changes were only missed, by a log that was cut off', async () => {
    await using fleet = new Fleet(1);
    const [a] = fleet.nodes as [Node];
    await fleet.during(a.cache.get('key', () => 'old'));
    await a.cache.delete('key');
    a.store.fate = (operation) => (operation === 'read' ? hanging() : working());
    await fleet.clock.advance(10_000);
    const deletions = (): number => a.store.operations.filter((name) => name === 'delete').length;
    expect(deletions()).toBe(1);
    fleet.server.append('delete', ['elsewhere'], 'somebody');
    fleet.server.log = [];
    a.store.fate = working;
    await fleet.clock.advance(20_000);

    expect(deletions()).toBe(1);
  });

  it('is not believed meanwhile: this process loads what it has not made good yet', async () => {
    await using fleet = new Fleet(1, { tierTimeoutMs: 50 });
    const [a] = fleet.nodes as [Node];
    await fleet.during(a.cache.get('key', () => 'old'));
    const takeOver = fleet.server.replica();
    await a.cache.delete('key');
    a.store.fate = (operation) => (operation === 'delete' ? { fails: 'before' } : working());
    takeOver();
    await fleet.clock.advance(100);

    expect(await fleet.during(a.cache.get('key', () => 'new'))).toBe('new');
    expect(a.cache.statistics().tiers.l2).toMatchObject({ queued: 1 });
    a.store.fate = working;
    await fleet.clock.advance(2_000);
    expect(a.cache.statistics().tiers.l2).toMatchObject({ queued: 0 });
    expect(fleet.server.value('key')).toBeUndefined();
  });
});
