import { settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';
import { ScriptedStore } from '../scripted-store.ts';
import { failing, Fleet, hanging, maxStalenessMs, type Node, working } from './fleet.ts';

const sliding = { ttlMs: 10_000, slidingMs: 1_000 } as const;

/** Has two processes hold the same entry in memory. */
async function hold(fleet: Fleet): Promise<readonly [Node, Node]> {
  const [a, b] = fleet.nodes as [Node, Node];
  await fleet.during(a.cache.get('key', () => 'value', { tags: ['red'] }));
  await fleet.during(b.cache.get('key'));
  await fleet.clock.advance(400);
  return [a, b];
}

const extensions = (operations: readonly string[]): number =>
  operations.filter((operation) => operation === 'extend').length;

describe('a life that slides in a fleet', () => {
  it('is lengthened by the process that hits it, for all', async () => {
    await using fleet = new Fleet(2, sliding);
    const [a, b] = await hold(fleet);
    const { clock } = fleet;
    for (let ms = 0; ms < 5_000; ms += 400) {
      expect(a.cache.peek('key')).toBe('value');
      await clock.advance(400);
    }
    const load = counted(() => 'another');

    expect(b.cache.peek('key')).toBeUndefined();
    expect(await fleet.during(b.cache.get('key', load))).toBe('value');
    expect(load.calls).toBe(0);
  });

  it('is asked for by each process once a quarter at most, and written by one', async () => {
    await using fleet = new Fleet(2, sliding);
    const [a, b] = await hold(fleet);
    const { clock } = fleet;
    for (let ms = 0; ms < 2_000; ms += 10) {
      for (const { cache } of [a, b]) expect(cache.peek('key')).toBe('value');
      await clock.advance(10);
    }

    expect(extensions(a.store.operations)).toBeLessThanOrEqual(9);
    expect(extensions(b.store.operations)).toBeLessThanOrEqual(9);
    expect(a.cache.statistics().slides.refused + b.cache.statistics().slides.refused).toBe(0);
  });

  it.each([
    ['deleted', 'delete', 'gone'],
    ['replaced', 'set', 'fresh'],
    ['expired', 'expire', 'stale'],
    ['deleted with its tag', 'deleteTag', 'gone'],
    ['expired with its tag', 'expireTag', 'stale'],
    ['cleared', 'clear', 'gone'],
  ] as const)('is not lengthened by who has not heard that it was %s', async (_what, change, state) => {
    await using fleet = new Fleet(2, { ...sliding, staleIfErrorMs: 8_000 });
    const [a, b] = await hold(fleet);
    const { clock } = fleet;
    // Nothing is heard of the log, and what is in memory is believed for a while.
    b.store.fate = (operation) => (operation === 'read' ? hanging() : working());
    await clock.advance(1);
    if (change === 'set') await a.cache.set('key', 'new');
    else if (change === 'clear') await a.cache.clear();
    else await a.cache[change](change.endsWith('Tag') ? 'red' : 'key');
    expect(b.cache.peek('key')).toBe('value');
    await settle();
    b.store.fate = working;
    await clock.advance(maxStalenessMs + 10);
    const fresh = fleet.add();

    for (const { cache } of [a, b, fresh])
      expect((await fleet.during(cache.entry('key')))?.state ?? 'gone').toBe(state);
    const answer = { gone: undefined, stale: undefined, fresh: 'new' }[state];
    expect(await fleet.during(fresh.cache.get('key'))).toBe(answer);
  });

  it('is not lengthened past a newer version, whichever arrives first', async () => {
    await using fleet = new Fleet(2, sliding);
    const [a, b] = await hold(fleet);
    const { clock } = fleet;
    b.store.fate = (operation) => (operation === 'extend' ? { requestMs: 50 } : working());
    expect(b.cache.peek('key')).toBe('value');
    await clock.advance(10);
    await a.cache.set('key', 'newer', { version: 2 });
    await clock.advance(600);

    expect([a.cache.peek('key'), b.cache.peek('key')]).toEqual(['newer', undefined]);
    expect(await fleet.during(b.cache.get('key'))).toBe('newer');
    expect(b.cache.statistics().slides).toEqual({ extended: 0, refused: 1 });
  });

  it('gives way to what another process has loaded since: the older copy ends as it would have', async () => {
    await using fleet = new Fleet(2, sliding);
    const [a, b] = await hold(fleet);
    const { clock } = fleet;
    // The shared tier forgets the value, and only there: nobody is told of that.
    fleet.server.values.delete('key');
    const other = fleet.add();
    await fleet.during(other.cache.get('key', () => 'newer'));
    const refused = (): number => b.cache.statistics().slides.refused;
    expect(b.cache.peek('key')).toBe('value');
    await settle();
    expect(refused()).toBe(1);
    await clock.advance(600);

    expect(b.cache.peek('key')).toBeUndefined();
    expect(await fleet.during(b.cache.get('key'))).toBe('newer');
    expect(a.cache.statistics().slides.extended).toBe(0);
  });

  it('survives an answer that does not arrive: the next hit learns how far it was lengthened', async () => {
    await using fleet = new Fleet(2, sliding);
    const [a] = await hold(fleet);
    const { clock } = fleet;
    a.store.fate = (operation) => (operation === 'extend' ? { fails: 'after' } : working());
    expect(a.cache.peek('key')).toBe('value');
    await clock.advance(300);
    a.store.fate = working;
    expect(a.cache.peek('key')).toBe('value');
    await clock.advance(900);

    expect(a.cache.peek('key')).toBe('value');
    expect(a.cache.statistics().slides).toEqual({ extended: 1, refused: 1 });
  });

  it('is lengthened in a durable tier too, unless the shared one says that it is another entry', async () => {
    await using fleet = new Fleet(1, sliding);
    const durable = new ScriptedStore(fleet.clock);
    const a = fleet.add({ l3: durable });
    await fleet.during(a.cache.get('key', () => 'value'));
    const writes = (): number => durable.operations.filter((name) => name.startsWith('set')).length;
    await fleet.clock.advance(400);
    a.cache.peek('key');
    await settle();
    expect(writes()).toBe(2);

    fleet.server.values.delete('key');
    const other = fleet.nodes[0]!.cache;
    await fleet.during(other.get('key', () => 'newer'));
    await fleet.clock.advance(400);
    expect([a.cache.peek('key'), other.peek('key')]).toEqual(['value', 'newer']);
    await settle();
    expect(writes()).toBe(2);
    expect(a.cache.statistics().slides).toEqual({ extended: 1, refused: 1 });
    await fleet.clock.advance(600);
    expect(await fleet.during(a.cache.get('key'))).toBe('newer');
  });

  it('ends where the shared tier does not answer', async () => {
    await using fleet = new Fleet(2, sliding);
    const [a] = await hold(fleet);
    a.store.fate = (operation) => (operation === 'extend' ? failing() : working());
    expect(a.cache.peek('key')).toBe('value');
    await fleet.clock.advance(600);

    expect(a.cache.peek('key')).toBeUndefined();
  });

  it('keeps the wall clock of whoever lengthens it out of its longest life', async () => {
    await using fleet = new Fleet(1, sliding);
    const [a] = fleet.nodes;
    await a?.cache.set('key', 'value');
    const ahead = fleet.add({ clock: fleet.skewed(4_000) });
    for (let ms = 0; ms < 10_000; ms += 400) {
      await fleet.during(ahead.cache.get('key'));
      await fleet.clock.advance(400);
    }

    expect(await fleet.during(a!.cache.get('key'))).toBeUndefined();
  });
});
