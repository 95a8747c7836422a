// Makes a suite for each storage: every storage gives the same answers.
import { beforeAll, describe, expect, it } from 'vitest';

import { halfLives, weightAt } from '../../src/domain/decay.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { anEvent, anItem, aUser, epochMs } from '../support/fixtures.ts';

const minute = 60_000;
const at = (minutes: number): { readonly at: number } => ({ at: epochMs + minutes * minute });
const everything = { at: epochMs + 1_000 * minute, minUsers: 1 };

/** The behaviour that any storage has. The tests share one storage and have their own users. */
export function storageContract(open: () => Promise<Storage>): void {
  let storage: Storage;
  beforeAll(async () => {
    storage = await open();
    return () => storage[Symbol.asyncDispose]();
  });

  describe('items', () => {
    it('gives back an item as it was stored', async () => {
      const user = aUser();
      const item = anItem({ body: 'Naïve «text»\n\t🦉', tags: ['a', 'b'], source: 'x#1', links: ['y', 'z'] });

      await storage.items.insert(user, [item], []);

      expect(await storage.items.get(user, item.id)).toEqual(item);
    });

    it('has no item that nobody stored, nor one of another user', async () => {
      const [owner, other] = [aUser(), aUser()];
      const item = anItem();
      await storage.items.insert(owner, [item], []);

      expect(await storage.items.get(other, item.id)).toBeUndefined();
      expect(await storage.items.getMany(other, [item.id])).toEqual([]);
      expect(await storage.items.summaries(other, [item.id])).toEqual([]);
      expect(await storage.items.delete(other, item.id)).toEqual({ outcome: 'missing' });
      expect(await storage.items.update(other, item, 1, [])).toEqual({ outcome: 'missing' });
      expect(await storage.items.get(owner, item.id)).toEqual(item);
    });

    it('refuses a second item of one source and names the first, but lets another user have it', async () => {
      const [user, other] = [aUser(), aUser()];
      const first = anItem({ source: 'page' });

      const answers = await storage.items.insert(user, [first, anItem({ source: 'page' }), anItem()], []);

      expect(answers).toEqual([
        { inserted: true },
        { inserted: false, itemId: first.id },
        { inserted: true },
      ]);
      expect(await storage.items.count(user)).toBe(2);
      expect(await storage.items.insert(other, [anItem({ source: 'page' })], [])).toEqual([
        { inserted: true },
      ]);
    });

    it('lists newest first, page by page, without bodies', async () => {
      const user = aUser();
      const items = Array.from({ length: 5 }, (_, index) =>
        anItem({ title: `Title ${index}`, body: 'long' }),
      );
      await storage.items.insert(user, items, []);

      const first = await storage.items.list(user, { limit: 2 });
      const second = await storage.items.list(user, { limit: 9, after: first[1]?.id });

      expect([...first, ...second].map(({ title }) => title)).toEqual(
        [4, 3, 2, 1, 0].map((index) => `Title ${index}`),
      );
      expect(first[0]).not.toHaveProperty('body');
    });

    it('lists by kind and by tag', async () => {
      const user = aUser();
      const items = [
        anItem({ kind: 'guide', tags: ['x'] }),
        anItem({ tags: ['x', 'y'] }),
        anItem({ tags: ['xy'] }),
      ];
      await storage.items.insert(user, items, []);

      const ids = async (filter: object): Promise<readonly string[]> =>
        (await storage.items.list(user, { limit: 9, ...filter })).map(({ id }) => id);

      expect(await ids({ kind: 'guide' })).toEqual([items[0]?.id]);
      expect(await ids({ tag: 'x' })).toEqual([items[1]?.id, items[0]?.id]);
      expect(await ids({ kind: 'note', tag: 'x' })).toEqual([items[1]?.id]);
    });

    it('updates an item only at the version that the writer saw', async () => {
      const user = aUser();
      const item = anItem();
      await storage.items.insert(user, [item], []);
      const changed = { ...item, title: 'Changed', version: 2 };

      expect(await storage.items.update(user, changed, 1, [])).toEqual({ outcome: 'updated' });
      expect(await storage.items.update(user, { ...item, title: 'Late' }, 1, [])).toEqual({
        outcome: 'conflict',
        version: 2,
      });
      expect(await storage.items.get(user, item.id)).toEqual(changed);
    });

    it('lets exactly one of many writers win who saw the same version', async () => {
      const user = aUser();
      const item = anItem();
      await storage.items.insert(user, [item], []);

      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          storage.items.update(user, { ...item, title: `Writer ${index}`, version: 2 }, 1, []),
        ),
      );

      expect(outcomes.filter(({ outcome }) => outcome === 'updated')).toHaveLength(1);
    });

    it('deletes an item at the given version alone, or at any without one', async () => {
      const user = aUser();
      const [first, second] = [anItem(), anItem()];
      await storage.items.insert(user, [first, second], []);

      expect(await storage.items.delete(user, first.id, 7)).toEqual({ outcome: 'conflict', version: 1 });
      expect(await storage.items.delete(user, first.id, 1)).toEqual({ outcome: 'deleted' });
      expect(await storage.items.delete(user, second.id)).toEqual({ outcome: 'deleted' });
      expect(await storage.items.delete(user, second.id)).toEqual({ outcome: 'missing' });
      expect(await storage.items.count(user)).toBe(0);
    });

    it('changes the revision with every change, and with nothing else', async () => {
      const user = aUser();
      const item = anItem();
      const seen = [await storage.users.revision(user)];
      const note = async (): Promise<unknown> => seen.push(await storage.users.revision(user));

      await storage.items.insert(user, [item], []);
      await note();
      await storage.items.update(user, { ...item, version: 2 }, 1, []);
      await note();
      await storage.vectors.put(user, [
        { itemId: item.id, version: 2, model: 'm', values: Float32Array.of(1) },
      ]);
      await note();
      await storage.items.delete(user, item.id);
      await note();
      await storage.access.record(user, [anEvent(anItem().id)]);
      await storage.items.list(user, { limit: 1 });

      expect(new Set(seen).size).toBe(5);
      expect(await storage.users.revision(user)).toBe(seen.at(-1));
    });
  });

  describe('search', () => {
    it('finds items by a word of title, body or tags in any of its forms, the title counting most', async () => {
      const user = aUser();
      const title = anItem({ title: 'Closing connections', body: 'Of many things' });
      const body = anItem({
        title: 'Server',
        body: `Other words first. It closes. ${'And goes on. '.repeat(9)}`,
      });
      const tag = anItem({ title: 'Tagged', tags: ['close'] });
      await storage.items.insert(user, [body, tag, title, anItem({ title: 'Unrelated' })], []);

      const hits = await storage.search.match(user, ['closed'], { limit: 10 });

      expect(hits[0]?.itemId).toBe(title.id);
      expect(new Set(hits.map(({ itemId }) => itemId))).toEqual(new Set([title.id, body.id, tag.id]));
      expect(hits.every(({ score }) => score > 0)).toBe(true);
      expect(hits.map(({ score }) => score)).toEqual(
        hits.map(({ score }) => score).toSorted((a, b) => b - a),
      );
    });

    it('takes words apart at dots, slashes and dashes', async () => {
      const user = aUser();
      const item = anItem({ title: 'See node.js/http-server or https://example.org/pathname' });
      await storage.items.insert(user, [item], []);

      for (const term of ['node', 'js', 'server', 'example', 'pathname'])
        expect(await storage.search.match(user, [term], { limit: 1 })).toHaveLength(1);
    });

    it('keeps to the limit and to kind and tag', async () => {
      const user = aUser();
      const items = [
        anItem({ title: 'fox' }),
        anItem({ title: 'fox', kind: 'guide' }),
        anItem({ title: 'fox', tags: ['t'] }),
      ];
      await storage.items.insert(user, items, []);
      const find = async (options: object): Promise<readonly string[]> =>
        (await storage.search.match(user, ['fox'], { limit: 9, ...options })).map(({ itemId }) => itemId);

      expect(await find({ limit: 2 })).toHaveLength(2);
      expect(await find({ kind: 'guide' })).toEqual([items[1]?.id]);
      expect(await find({ tag: 't' })).toEqual([items[2]?.id]);
    });

    it('follows updates and deletes', async () => {
      const user = aUser();
      const item = anItem({ title: 'Walrus' });
      await storage.items.insert(user, [item], []);
      const count = async (term: string): Promise<number> =>
        (await storage.search.match(user, [term], { limit: 9 })).length;

      await storage.items.update(user, { ...item, title: 'Penguin', version: 2 }, 1, []);
      expect([await count('walrus'), await count('penguin')]).toEqual([0, 1]);

      await storage.items.delete(user, item.id);
      expect(await count('penguin')).toBe(0);
    });

    it('finds nothing for no terms and for a user without items', async () => {
      expect(await storage.search.match(aUser(), ['fox'], { limit: 9 })).toEqual([]);
      expect(await storage.search.snippets(aUser(), ['fox'], [anItem().id])).toEqual(new Map());
      const user = aUser();
      await storage.items.insert(user, [anItem()], []);
      expect(await storage.search.match(user, [], { limit: 9 })).toEqual([]);
    });

    it('shows a passage of the body and where in it the words are', async () => {
      const user = aUser();
      const body = `${'Filler words come first. '.repeat(30)}Then a fox jumps. ${'More filler follows. '.repeat(30)}`;
      const [item, other] = [
        anItem({ title: 'Fox', body }),
        anItem({ title: 'Fox', body: 'No such animal' }),
      ];
      await storage.items.insert(user, [item, other], []);

      const snippets = await storage.search.snippets(user, ['fox', 'jumping'], [item.id, other.id]);

      const { text = '', highlights = [] } = snippets.get(item.id) ?? {};
      expect(highlights.map(([start, end]) => text.slice(start, end))).toEqual(['fox', 'jumps']);
      expect(text.length).toBeLessThan(400);
      expect(snippets.has(other.id)).toBe(false);
    });

    it('counts in how many items a word is, through updates and deletes', async () => {
      const user = aUser();
      const [first, second] = [
        anItem({ title: 'alpha beta' }),
        anItem({ title: 'beta', body: 'beta', tags: ['gamma'] }),
      ];
      await storage.items.insert(user, [first, second], []);
      const counts = async (): Promise<object> =>
        Object.fromEntries(await storage.search.frequencies(user, ['alpha', 'beta', 'gamma', 'delta']));

      expect(await counts()).toEqual({ alpha: 1, beta: 2, gamma: 1 });
      await storage.items.update(user, { ...first, title: 'delta', version: 2 }, 1, []);
      expect(await counts()).toEqual({ beta: 1, gamma: 1, delta: 1 });
      await storage.items.delete(user, second.id);
      expect(await counts()).toEqual({ delta: 1 });
    });

    it('offers the user’s words of the same first letter and about the same length', async () => {
      const user = aUser();
      await storage.items.insert(
        user,
        [anItem({ title: 'walk walrus walnuts wall warrant talk xalrus Ölwanne' })],
        [],
      );

      const words = await storage.search.similarWords(user, 'walrs');

      expect(words.map(({ term }) => term).toSorted()).toEqual(['walk', 'wall', 'walrus']);
      expect((await storage.search.similarWords(user, 'ölwane')).map(({ term }) => term)).toEqual([
        'ölwanne',
      ]);
      expect(await storage.search.similarWords(aUser(), 'walrs')).toEqual([]);
    });
  });

  describe('access', () => {
    it('records each event once, and none about items that the user does not have', async () => {
      const [user, other] = [aUser(), aUser()];
      const [item, foreign] = [anItem(), anItem()];
      await storage.items.insert(user, [item], []);
      await storage.items.insert(other, [foreign], []);
      const [a, b] = [anEvent(item.id), anEvent(item.id)];

      expect(await storage.access.record(user, [a, b, a, anEvent(foreign.id)])).toEqual({
        accepted: 2,
        duplicates: 1,
        unknown: 1,
      });
      expect(await storage.access.record(user, [b])).toEqual({ accepted: 0, duplicates: 1, unknown: 0 });
      expect((await storage.access.statistics(user, everything)).items[0]?.count).toBe(2);
      expect((await storage.access.statistics(other, everything)).items).toEqual([]);
    });

    it('keeps running sums under forward decay, by item and by part of the week', async () => {
      const user = aUser();
      const item = anItem();
      await storage.items.insert(user, [item], []);
      const [monday, saturday] = [epochMs, epochMs + 5 * 24 * 60 * minute];
      await storage.access.record(user, [
        anEvent(item.id, { at: saturday }),
        anEvent(item.id, { at: monday }),
      ]);

      const [statistics] = (await storage.access.statistics(user, { at: saturday, minUsers: 1 })).items;

      expect(statistics).toMatchObject({ itemId: item.id, count: 2, lastAt: saturday, popularity: 0 });
      const weights = (halfLifeMs: number): number[] =>
        [monday, saturday].map((when) => weightAt(when, halfLifeMs));
      const [early = 0, late = 0] = weights(halfLives.frequency);
      expect(statistics?.frequency).toBeCloseTo(early + late, 9);
      const [, slot = 0] = weights(halfLives.slot);
      expect(statistics?.slotWeight).toBeCloseTo(slot, 9);
      expect(statistics?.slotTotal).toBeGreaterThan(slot);
    });

    it('tells the last three accesses up to a moment, the item in view first', async () => {
      const user = aUser();
      const items = Array.from({ length: 4 }, () => anItem());
      await storage.items.insert(user, items, []);
      const [a = '', b = '', c = '', d = ''] = items.map(({ id }) => id);
      await storage.access.record(
        user,
        [a, b, c, d].map((id, index) => anEvent(id, at(index))),
      );
      const recent = async (options: object): Promise<readonly string[]> =>
        (await storage.access.statistics(user, { ...everything, ...options })).recent.map(
          ({ itemId }) => itemId,
        );

      expect(await recent({})).toEqual([d, c, b]);
      expect(await recent(at(1))).toEqual([b, a]);
      expect(await recent({ context: c })).toEqual([c, d, b]);
    });

    it('learns what follows what within a session, but not over a gap of half an hour', async () => {
      const user = aUser();
      const items = Array.from({ length: 4 }, () => anItem());
      await storage.items.insert(user, items, []);
      const [a = '', b = '', c = '', d = ''] = items.map(({ id }) => id);

      await storage.access.record(user, [
        anEvent(a, at(0)),
        anEvent(c, { ...at(1), session: 'another' }),
        anEvent(b, at(2)),
        anEvent(b, at(3)),
        anEvent(d, at(34)),
      ]);

      const { transitions } = await storage.access.statistics(user, { ...everything, context: a });
      expect(transitions.map(({ from, to }) => [from, to])).toEqual([[a, b]]);
      expect((await storage.access.neighbours(user, [b, c, d], 9)).map(({ from, to }) => [from, to])).toEqual(
        [[b, a]],
      );
    });

    it('parts two neighbours by an access that happened between them but was told later', async () => {
      const user = aUser();
      const items = Array.from({ length: 3 }, () => anItem());
      await storage.items.insert(user, items, []);
      const [a = '', b = '', c = ''] = items.map(({ id }) => id);
      await storage.access.record(user, [anEvent(a, at(0)), anEvent(c, at(2))]);
      expect((await storage.access.neighbours(user, [a], 9)).map(({ to }) => to)).toEqual([c]);

      await storage.access.record(user, [anEvent(b, at(1))]);

      expect((await storage.access.neighbours(user, [a], 9)).map(({ to }) => to)).toEqual([b]);
      expect((await storage.access.neighbours(user, [c], 9)).map(({ to }) => to)).toEqual([b]);
    });

    it('forgets an item’s accesses with the item: those before and after it become neighbours', async () => {
      const user = aUser();
      const items = Array.from({ length: 3 }, () => anItem());
      await storage.items.insert(user, items, []);
      const [a = '', b = '', c = ''] = items.map(({ id }) => id);
      await storage.access.record(
        user,
        [a, b, b, c].map((id, index) => anEvent(id, at(index))),
      );

      await storage.items.delete(user, b);

      const transitions = await storage.access.neighbours(user, [a], 9);
      expect(transitions).toEqual([
        { from: a, to: c, weight: weightAt(epochMs + 3 * minute, halfLives.transition) },
      ]);
    });

    it('tells use of the asked items alone', async () => {
      const user = aUser();
      const items = [anItem(), anItem()];
      await storage.items.insert(user, items, []);
      const [a = '', b = ''] = items.map(({ id }) => id);
      await storage.access.record(user, [anEvent(a), anEvent(b)]);

      const opened = await storage.access.opened(user, [a, anItem().id]);

      expect([...opened]).toEqual([
        [a, { count: 1, frequency: weightAt(epochMs, halfLives.frequency), lastAt: epochMs }],
      ]);
    });
  });

  describe('sharing', () => {
    /** A user with two items of the sources who opened the one and then the other. */
    async function reader(
      sources: readonly [string, string],
      sharing: boolean,
    ): Promise<ReturnType<typeof aUser>> {
      const user = aUser();
      await storage.users.setSharing(user, sharing);
      const items = sources.map((source) => anItem({ source }));
      await storage.items.insert(user, items, []);
      await storage.access.record(
        user,
        items.map(({ id }, index) => anEvent(id, at(index))),
      );
      return user;
    }

    async function shared(user: ReturnType<typeof aUser>, minUsers: number): Promise<readonly number[]> {
      const { recent } = await storage.access.statistics(user, everything);
      const context = recent.at(-1)?.itemId;
      const { popular, sharedTransitions, items } = await storage.access.statistics(user, {
        ...everything,
        minUsers,
        context,
      });
      return [
        popular.length,
        sharedTransitions.length,
        items.filter(({ popularity }) => popularity > 0).length,
      ];
    }

    it('counts across users only those who agreed, and only once enough of them do', async () => {
      const sources = ['sharing/1', 'sharing/2'] as const;
      const first = await reader(sources, true);
      await reader(sources, false);

      expect(await shared(first, 1)).toEqual([2, 1, 2]);
      expect(await shared(first, 2)).toEqual([0, 0, 0]);
      const third = await reader(sources, true);
      expect(await shared(first, 2)).toEqual([2, 1, 2]);
      expect(await shared(third, 3)).toEqual([0, 0, 0]);
    });

    it('takes back all that a user shared, by changing their mind, by deleting an item, and by erasing', async () => {
      const sources = ['back/1', 'back/2'] as const;
      const watcher = await reader(sources, false);
      const [mind, eraser, deleter] = [
        await reader(sources, true),
        await reader(sources, true),
        await reader(sources, true),
      ];
      expect(await shared(watcher, 3)).toEqual([2, 1, 2]);

      await storage.users.setSharing(mind, false);
      expect(await shared(watcher, 3)).toEqual([0, 0, 0]);
      expect(await shared(watcher, 2)).toEqual([2, 1, 2]);
      await storage.users.erase(eraser);
      expect(await shared(watcher, 2)).toEqual([0, 0, 0]);
      const [item] = await storage.items.list(deleter, { limit: 1 });
      await storage.items.delete(deleter, item?.id ?? '');
      expect(await shared(watcher, 1)).toEqual([1, 0, 1]);
      await storage.users.setSharing(deleter, false);
      expect(await shared(watcher, 1)).toEqual([0, 0, 0]);
      await storage.users.setSharing(mind, true);
      expect(await shared(watcher, 1)).toEqual([2, 1, 2]);
      expect(await storage.users.sharing(mind)).toBe(true);
    });
  });

  describe('users', () => {
    it('erases everything of one user and nothing of another', async () => {
      const [user, other] = [aUser(), aUser()];
      for (const each of [user, other]) {
        const item = anItem({ title: 'Erasable', source: 'erase' });
        await storage.items.insert(
          each,
          [item],
          [{ itemId: item.id, model: 'm', values: Float32Array.of(1) }],
        );
        await storage.access.record(each, [anEvent(item.id)]);
      }

      await storage.users.erase(user);

      const left = async (each: typeof user): Promise<readonly number[]> => [
        await storage.items.count(each),
        (await storage.search.match(each, ['erasable'], { limit: 9 })).length,
        (await storage.search.frequencies(each, ['erasable'])).size,
        (await storage.vectors.all(each, 'm')).vectors.length,
        (await storage.access.statistics(each, everything)).items.length,
      ];
      expect(await left(user)).toEqual([0, 0, 0, 0, 0]);
      expect(await left(other)).toEqual([1, 1, 1, 1, 1]);
    });
  });

  it('gives a user who comes back after an erasure a revision that was never there', async () => {
    const user = aUser();
    await storage.items.insert(user, [anItem()], []);
    const before = await storage.users.revision(user);
    await storage.users.erase(user);

    await storage.items.insert(user, [anItem()], []);

    expect(before).not.toBe(await storage.users.revision(user));
  });

  describe('vectors', () => {
    it('keeps vectors of models apart, and says which items have none', async () => {
      const user = aUser();
      const items = [anItem(), anItem()];
      const [a = '', b = ''] = items.map(({ id }) => id);
      await storage.items.insert(user, items, [
        { itemId: a, model: 'one', values: Float32Array.of(0.5, -2) },
      ]);

      await storage.vectors.put(user, [
        { itemId: b, version: 1, model: 'two', values: Float32Array.of(1, 2, 3) },
      ]);

      expect((await storage.vectors.all(user, 'one')).vectors).toEqual([
        { itemId: a, model: 'one', values: Float32Array.of(0.5, -2) },
      ]);
      expect((await storage.vectors.missing(user, 'one', 9)).map(({ id }) => id)).toEqual([b]);
      expect((await storage.vectors.missing(user, 'two', 9)).map(({ id }) => id)).toEqual([a]);
      expect((await storage.vectors.missing(user, 'three', 1)).map(({ id }) => id)).toEqual([a]);
    });

    it('refuses a vector that was made from an earlier version of the item', async () => {
      const user = aUser();
      const item = anItem();
      await storage.items.insert(user, [item], []);
      await storage.items.update(user, { ...item, title: 'Changed meanwhile', version: 2 }, 1, []);
      const vector = { itemId: item.id, model: 'm', values: Float32Array.of(1) };

      expect(await storage.vectors.put(user, [{ ...vector, version: 1 }])).toBe(0);
      expect((await storage.vectors.missing(user, 'm', 9)).map(({ id }) => id)).toEqual([item.id]);
      expect(await storage.vectors.put(user, [{ ...vector, version: 2 }])).toBe(1);
    });

    it('drops all of an item’s vectors with a change, and stores none for an item that is gone', async () => {
      const user = aUser();
      const item = anItem();
      const vector = { itemId: item.id, model: 'm', values: Float32Array.of(1) };
      await storage.items.insert(user, [item], [vector, { ...vector, model: 'n' }]);

      await storage.items.update(user, { ...item, version: 2 }, 1, [vector]);
      expect((await storage.vectors.all(user, 'n')).vectors).toEqual([]);
      expect((await storage.vectors.all(user, 'm')).vectors).toHaveLength(1);

      await storage.items.delete(user, item.id);
      expect(await storage.vectors.put(user, [{ ...vector, version: 2 }])).toBe(0);
      expect((await storage.vectors.all(user, 'm')).vectors).toEqual([]);
    });
  });
}
