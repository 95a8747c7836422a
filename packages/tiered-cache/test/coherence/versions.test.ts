import { settle } from '@holdfast/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { failing, Fleet, type Node, working } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

beforeEach(async () => {
  fleet = new Fleet(0);
  a = fleet.add();
  b = fleet.add();
  for (const { cache } of fleet.nodes) await fleet.during(cache.get('warm', () => 1));
  await settle();
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe('a version', () => {
  it('that is older than what is there is refused, and says so', async () => {
    await a.cache.set('key', 'second', { version: 2 });

    expect(await b.cache.set('key', 'first', { version: 1 })).toEqual({ l1: 'applied', l2: 'refused' });
    expect(b.cache.peek('key')).toBeUndefined();
    expect(await b.cache.get('key')).toBe('second');
    expect(await b.cache.entry('key')).toMatchObject({ version: 2 });
  });

  it('that is equal replaces, and a write without a version replaces anything', async () => {
    await a.cache.set('key', 'one', { version: 2 });
    await a.cache.set('key', 'other', { version: 2 });
    expect(await b.cache.get('key')).toBe('other');
    await a.cache.set('key', 'unversioned');
    await settle();

    expect(await b.cache.get('key')).toBe('unversioned');
  });

  it('of a load is refused if something newer was set meanwhile without ending its lease', async () => {
    const value = await a.cache.get('key', async (context) => {
      context.version(1);
      return 'old';
    });
    expect(value).toBe('old');
    await b.cache.set('key', 'new', { version: 3 });
    await settle();

    expect(await a.cache.get('key')).toBe('new');
  });

  it('of a deletion refuses older ones for a minute, in memory and in the shared tier', async () => {
    await a.cache.set('key', 'second', { version: 2 });
    await b.cache.delete('key', { version: 3 });
    expect(await a.cache.set('key', 'second again', { version: 2 })).toMatchObject({ l2: 'refused' });
    expect([a.cache.peek('key'), await a.cache.get('key')]).toEqual([undefined, undefined]);

    await fleet.clock.advance(60_000);
    expect(await a.cache.set('key', 'late', { version: 2 })).toMatchObject({ l2: 'applied' });
  });

  it('of a deletion is a miss and no error, also for a process whose clock is behind', async () => {
    const behind = fleet.add({ clock: fleet.skewed(-3_000) });
    await fleet.during(behind.cache.get('warm', () => 1));
    await a.cache.delete('key', { version: 3 });

    expect(await behind.cache.get('key')).toBeUndefined();
    expect(behind.cache.statistics().tiers.l2).toMatchObject({ errors: 0 });
  });

  it('of a deletion lets loads store what is as new', async () => {
    await a.cache.delete('key', { version: 3 });
    const load = (version: number) => (context: { version(version: number): void }) => {
      context.version(version);
      return version;
    };

    expect(await b.cache.get('key', load(2))).toBe(2);
    expect(b.cache.peek('key')).toBeUndefined();
    expect(await b.cache.get('key', load(3))).toBe(3);
    expect(await a.cache.get('key')).toBe(3);
  });

  it.each(['delete', 'set'] as const)(
    'of a %s that was queued refuses older ones once the server has taken it',
    async (change) => {
      a.store.fate = (operation) => (operation === change ? failing() : {});
      const queued = {
        delete: () => a.cache.delete('key', { version: 3 }),
        set: () => a.cache.set('key', 'third', { version: 3 }),
      };
      expect(await queued[change]()).toMatchObject({ l2: 'queued' });
      a.store.fate = working;
      await fleet.clock.advance(1_100);

      expect(await b.cache.set('key', 'second', { version: 2 })).toMatchObject({ l2: 'refused' });
      expect(await b.cache.get('key')).toBeUndefined();
      await b.cache.set('key', 'fourth', { version: 4 });
      expect(await b.cache.get('key')).toBe('fourth');
    },
  );

  it('that is the newest of several queued ones counts', async () => {
    a.store.fate = (operation) => (operation === 'delete' ? failing() : {});
    await a.cache.delete('key', { version: 5 });
    await a.cache.delete('key', { version: 4 });
    await a.cache.delete('key');
    a.store.fate = working;
    await fleet.clock.advance(1_100);

    expect(await b.cache.set('key', 'older', { version: 4 })).toMatchObject({ l2: 'refused' });
  });

  it.each([-1, Number.NaN, '1', null])('cannot be %j', async (version) => {
    const options = { version: version as number };

    await expect(a.cache.set('key', 1, options)).rejects.toThrow('version must be');
    await expect(a.cache.delete('key', options)).rejects.toThrow('version must be');
  });
});
