import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { counted } from '../rig.ts';

function open(): { cache: TieredCache; clock: ManualClock } {
  const clock = new ManualClock();
  return { clock, cache: createCache({ namespace: 'shop', ttlMs: 1_000, clock }) };
}

describe('a namespace', () => {
  it('is cleared without its neighbours, whatever these are called', async () => {
    const { cache } = open();
    const [users, others] = [cache.namespace('user'), cache.namespace('user.s')];
    await users.set('1', 'a');
    await others.set('1', 'b');
    await cache.set('user', 'c');
    await users.clear();

    expect([users.peek('1'), others.peek('1'), cache.peek('user')]).toEqual([undefined, 'b', 'c']);
  });

  it('has keys that begin with its name, and times and tags of its own', async () => {
    const { cache, clock } = open();
    const users = cache.namespace('user', { ttlMs: 100, tags: ['people'] });
    await users.get('1', () => 'a');
    await users.set('2', 'b', { ttlMs: 200, tags: ['red'] });

    expect(cache.peek('user:1')).toBe('a');
    expect(await users.entry('2')).toMatchObject({ tags: ['people', 'red'] });
    await clock.advance(100);
    expect([users.peek('1'), users.peek('2')]).toEqual([undefined, 'b']);
    await cache.deleteTag('people');
    expect(users.peek('2')).toBeUndefined();
  });

  it('reads and loads many keys under their own names', async () => {
    const { cache } = open();
    const users = cache.namespace<string>('user');
    await users.set('1', 'held');
    const found = await users.getMany(['1', '2'], (keys, context) => {
      context.of('2').ttl(10);
      return new Map(keys.map((key) => [key, `loaded ${key}`]));
    });

    expect([...found]).toEqual([
      ['1', 'held'],
      ['2', 'loaded 2'],
    ]);
    expect(cache.peek('user:2')).toBe('loaded 2');
  });

  it('makes all that it holds stale with one call', async () => {
    const { cache } = open();
    const pages = cache.namespace('page', { staleWhileRevalidateMs: 60_000 });
    await pages.set('home', 'old');
    await pages.expireAll();
    const load = counted(() => 'new');

    expect([pages.peek('home'), await pages.get('home', load)]).toEqual([undefined, 'old']);
    await settle();
    expect(await pages.get('home')).toBe('new');
    expect(load.calls).toBe(1);
  });
});

describe('a definition', () => {
  interface User {
    readonly id: number;
    readonly team: string;
  }

  it('makes key, value and tags of an id', async () => {
    const { cache } = open();
    const users = cache.define<number, User>('user', {
      key: (id) => `no-${id}`,
      load: (id) => ({ id, team: id < 3 ? 'red' : 'blue' }),
      tags: ({ team }) => [`team:${team}`],
    });
    for (const id of [1, 2, 3]) await users.get(id);
    expect(cache.peek('user:no-1')).toEqual({ id: 1, team: 'red' });

    await cache.deleteTag('team:red');
    expect([1, 2, 3].map((id) => users.peek(id)?.id)).toEqual([undefined, undefined, 3]);
    await users.clear();
    expect(users.peek(3)).toBeUndefined();
  });

  it('loads what is missing of many together, without those that there are not', async () => {
    const { cache } = open();
    const asked: (readonly number[])[] = [];
    const users = cache.define<number, User>('user', {
      load: (id) => ({ id, team: 'alone' }),
      loadMany: (ids) => {
        asked.push(ids);
        return ids.map((id) => (id === 9 ? undefined : { id, team: 'together' }));
      },
      tags: ({ team }) => [team],
    });
    await users.get(1);
    const found = await users.getMany([1, 2, 9]);

    expect([...found].map(([id, { team }]) => [id, team])).toEqual([
      [1, 'alone'],
      [2, 'together'],
    ]);
    expect(asked).toEqual([[2, 9]]);
    await cache.deleteTag('together');
    expect(users.peek(2)).toBeUndefined();
  });
});
