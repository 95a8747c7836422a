import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { counted, setUp } from '../rig.ts';

interface User {
  readonly id: number;
  readonly org: string;
}

const alone = { l2: undefined, l3: undefined } as const;

function setUpUsers(options: Parameters<typeof setUp>[0] = {}) {
  const rig = setUp({ ...alone, ...options });
  const loaded: number[][] = [];
  const users = rig.cache.define('user', {
    load: (id: number): User => {
      loaded.push([id]);
      return { id, org: id < 10 ? 'small' : 'large' };
    },
    tags: ({ org }: User) => [`org:${org}`],
    ttlMs: 500,
  });
  return { ...rig, users, loaded };
}

/** As above, where many are loaded together; there are no users from 100 on. */
function setUpMany() {
  const rig = setUp(alone);
  const loaded: number[][] = [];
  const users = rig.cache.define('user', {
    load: (id: number): User => ({ id, org: 'alone' }),
    loadMany: (ids: readonly number[]): (User | undefined)[] => {
      loaded.push([...ids]);
      return ids.map((id) => (id < 100 ? { id, org: `org ${id}` } : undefined));
    },
    tags: ({ org }: User) => [org],
  });
  return { ...rig, users, loaded };
}

describe('a defined kind of entry', () => {
  it('is loaded by its id, once, for the life that it was defined with', async () => {
    const { users, loaded, clock } = setUpUsers();

    expect([await users.get(1), await users.get(1)]).toEqual([
      { id: 1, org: 'small' },
      { id: 1, org: 'small' },
    ]);
    expect(users.peek(1)).toEqual({ id: 1, org: 'small' });
    expect(loaded).toEqual([[1]]);
    await clock.advance(500);
    expect(users.peek(1)).toBeUndefined();
  });

  it('bears the tags of its value, loaded or set', async () => {
    const { users, cache } = setUpUsers();
    await users.get(1);
    await users.get(11);
    await users.set(2, { id: 2, org: 'large' }, { tags: ['own'] });

    expect((await users.entry(2))?.tags).toEqual(['own', 'org:large']);
    await cache.deleteTag('org:large');
    expect([users.peek(1)?.id, users.peek(2), users.peek(11)]).toEqual([1, undefined, undefined]);
  });

  it('has a key of its own making', async () => {
    const { cache } = setUp(alone);
    const pairs = cache.define('pair', {
      key: ({ a, b }: { readonly a: number; readonly b: number }) => `${a}/${b}`,
      load: ({ a, b }) => a + b,
    });

    expect(await pairs.get({ a: 1, b: 2 })).toBe(3);
    expect(cache.peek('pair:1/2')).toBe(3);
    const found = await pairs.getMany([
      { a: 1, b: 2 },
      { a: 2, b: 2 },
    ]);
    expect([...found.values()]).toEqual([3, 4]);
  });

  it('finds each of many under the id that was asked with, also when two have one key', async () => {
    const { cache } = setUp(alone);
    const kinds = cache.define('kind', {
      key: ({ id }: { readonly id: number }) => String(id),
      load: ({ id }) => `value ${id}`,
      loadMany: (ids) => ids.map(({ id }) => `value ${id}`),
    });
    const [one, again, other] = [{ id: 1 }, { id: 1 }, { id: 2 }];
    const found = await kinds.getMany([one, again, other]);

    expect([found.get(one), found.get(again), found.get(other)]).toEqual(['value 1', 'value 1', 'value 2']);
  });

  it('loads many together, those that are missing and in their order', async () => {
    const { users, loaded } = setUpMany();
    await users.set(2, { id: 2, org: 'held' });
    const found = await users.getMany([3, 2, 1, 200, 3]);

    expect(found).toEqual(
      new Map([
        [3, { id: 3, org: 'org 3' }],
        [2, { id: 2, org: 'held' }],
        [1, { id: 1, org: 'org 1' }],
      ]),
    );
    expect(loaded).toEqual([[3, 1, 200]]);
  });

  it('gives each of many the tags of its value', async () => {
    const { users, cache } = setUpMany();
    await users.getMany([1, 2]);
    await cache.deleteTag('org 1');

    expect([users.peek(1), users.peek(2)?.id]).toEqual([undefined, 2]);
  });

  it('takes the times and the signal of one call, also for many', async () => {
    for (const { users, clock } of [setUpMany(), setUpUsers()]) {
      await users.getMany([1, 2], { ttlMs: 100 });
      await clock.advance(100);

      expect([users.peek(1), users.peek(2)]).toEqual([undefined, undefined]);
      await expect(users.getMany([1, 2], { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    }
  });

  it('loads many one by one without a loader for many', async () => {
    const { users, loaded } = setUpUsers();

    expect([...(await users.getMany([1, 2, 1])).keys()]).toEqual([1, 2]);
    expect(loaded).toEqual([[1], [2]]);
  });

  it('is cleared by one write and leaves its neighbours alone', async () => {
    const { users, cache } = setUpUsers();
    const others = cache.define('userAbc', { load: (id: number) => id });
    await users.get(1);
    await others.get(1);
    await users.clear();

    expect([users.peek(1), others.peek(1)]).toEqual([undefined, 1]);
  });

  it('deletes and expires by id', async () => {
    const { users, loaded } = setUpUsers({ staleIfErrorMs: 1_000 });
    await users.get(1);
    await users.get(2);
    await users.delete(1);
    await users.expire(2);

    expect(await users.entry(1)).toBeUndefined();
    expect(await users.entry(2)).toMatchObject({ state: 'stale' });
    await users.get(2);
    expect(loaded).toEqual([[1], [2], [2]]);
  });

  it('does not keep what there is not', async () => {
    const { cache } = setUp(alone);
    const load = counted(() => undefined);
    const things = cache.define<string, string | undefined>('thing', {
      load,
      // Is not asked about nothing.
      tags: (value) => [(value as string).slice(1)],
    });

    expect([await things.get('a'), await things.get('a')]).toEqual([undefined, undefined]);
    expect(load.calls).toBe(2);
  });

  it.each([
    [{}, 'load must be a function, got undefined'],
    [{ load: 1 }, 'load must be a function, got 1'],
    [{ load: (): number => 1, key: 'id' }, "key must be a function, got 'id'"],
    [{ load: (): number => 1, loadMany: [] }, 'loadMany must be a function'],
    [{ load: (): number => 1, tags: ['a'] }, 'tags must be a function'],
  ])('cannot be %j', (definition, message) => {
    const { cache } = setUp(alone);

    expect(() => cache.define('user', definition as never)).toThrow(message);
  });

  it('refuses bad times when it is defined', () => {
    const { cache } = setUp(alone);

    expect(() => cache.define('user', { load: () => 1, ttlMs: -1 })).toThrow('ttlMs must be');
    expect(() => cache.define('a:b', { load: () => 1 })).toThrow('name must be');
  });

  it('has ids and values of the types that it was defined with', () => {
    const cache = createCache({ namespace: 'n', ttlMs: 1_000 });
    const users = cache.define('user', { load: (id: number): User => ({ id, org: '' }) });

    expectTypeOf<Parameters<typeof users.get>[0]>().toEqualTypeOf<number>();
    expectTypeOf(users.get(1)).resolves.toEqualTypeOf<User>();
    expectTypeOf(users.getMany([1])).resolves.toEqualTypeOf<ReadonlyMap<number, User>>();
    expectTypeOf(users.peek(1)).toEqualTypeOf<User | undefined>();
  });
});
