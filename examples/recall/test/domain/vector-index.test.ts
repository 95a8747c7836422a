import { describe, expect, it } from 'vitest';

import { nearest, VectorIndex } from '../../src/domain/vector-index.ts';
import { openStorage } from '../../src/storage/open.ts';
import { anItem, aUser } from '../support/fixtures.ts';

const four = (value: number): Float32Array => new Float32Array(4).fill(value);

describe('VectorIndex', () => {
  it('reads a user’s vectors once, and again after each write', async () => {
    await using storage = await openStorage({ file: ':memory:' });
    const index = new VectorIndex(storage, 1_024);
    const user = aUser();
    const item = anItem();
    const vector = (value: number): object & { itemId: string; model: string; values: Float32Array } => ({
      itemId: item.id,
      model: 'm',
      values: four(value),
    });
    await storage.items.insert(user, [item], [vector(1)]);

    await index.vectors(user, 'm');
    expect((await index.vectors(user, 'm')).get(item.id)).toEqual(four(1));
    expect(index.statistics()).toEqual({
      component: 'vector-index',
      hits: 1,
      misses: 1,
      entries: 1,
      bytes: 16,
    });

    await storage.vectors.put(user, [{ ...vector(2), version: 1 }]);
    expect((await index.vectors(user, 'm')).get(item.id)).toEqual(four(2));
    await storage.items.delete(user, item.id);
    expect(await index.vectors(user, 'm')).toEqual(new Map());
    expect(index.statistics()).toMatchObject({ misses: 3, entries: 1, bytes: 0 });
  });

  it('does not take a user who was erased and came back for the old one', async () => {
    await using storage = await openStorage({ file: ':memory:' });
    const index = new VectorIndex(storage, 1_024);
    const user = aUser();
    const [before, after] = [anItem(), anItem()];
    await storage.items.insert(user, [before], [{ itemId: before.id, model: 'm', values: four(1) }]);
    await index.vectors(user, 'm');

    await storage.users.erase(user);
    await storage.items.insert(user, [after], [{ itemId: after.id, model: 'm', values: four(2) }]);

    expect([...(await index.vectors(user, 'm')).keys()]).toEqual([after.id]);
  });

  it('holds no more than maxBytes, and drops who was away longest', async () => {
    await using storage = await openStorage({ file: ':memory:' });
    const index = new VectorIndex(storage, 40);
    const users = [aUser(), aUser(), aUser()] as const;
    for (const user of users) {
      const item = anItem();
      await storage.items.insert(user, [item], [{ itemId: item.id, model: 'm', values: four(1) }]);
    }

    for (const user of [users[0], users[1], users[0], users[2]]) await index.vectors(user, 'm');

    expect(index.statistics()).toMatchObject({ entries: 2, bytes: 32 });
    await index.vectors(users[0], 'm');
    expect(index.statistics()).toMatchObject({ hits: 2, misses: 3 });
    await index.vectors(users[1], 'm');
    expect(index.statistics()).toMatchObject({ hits: 2, misses: 4, entries: 2 });
  });

  it('answers with vectors that alone are too many to hold', async () => {
    await using storage = await openStorage({ file: ':memory:' });
    const index = new VectorIndex(storage, 8);
    const user = aUser();
    const item = anItem();
    await storage.items.insert(user, [item], [{ itemId: item.id, model: 'm', values: four(1) }]);

    expect((await index.vectors(user, 'm')).size).toBe(1);
    expect(index.statistics()).toMatchObject({ entries: 0, bytes: 0 });
  });
});

describe('nearest', () => {
  it('gives the closest first and nothing that has nothing in common', () => {
    const vectors = new Map([
      ['far', Float32Array.of(0.1, 0.9)],
      ['same', Float32Array.of(1, 0)],
      ['none', Float32Array.of(0, 1)],
      ['against', Float32Array.of(-1, 0)],
    ]);

    const found = nearest(vectors, Float32Array.of(1, 0), 9);

    expect(found.map(({ itemId }) => itemId)).toEqual(['same', 'far']);
    expect(nearest(vectors, Float32Array.of(1, 0), 1)).toHaveLength(1);
  });
});
