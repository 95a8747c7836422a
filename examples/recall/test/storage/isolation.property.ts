import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Item } from '../../src/domain/model.ts';
import { queryTerms } from '../../src/domain/text.ts';
import type { UserId } from '../../src/domain/user-id.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { openStorage } from '../../src/storage/open.ts';
import { anEvent, anItem, aUser, epochMs } from '../support/fixtures.ts';

const words = ['apple', 'pear', 'plum', 'apples', 'peer'] as const;

/** What one user does, and what the other does in between. */
const action = fc.record({
  who: fc.constantFrom('mine', 'theirs'),
  what: fc.constantFrom('insert', 'update', 'delete', 'open', 'share', 'unshare', 'erase'),
  word: fc.constantFrom(...words),
  index: fc.nat({ max: 5 }),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Person {
  readonly user: UserId;
  readonly items: Item[];
  readonly model: string;
}

const aPerson = (): Person => ({ user: aUser(), items: [], model: 'm' });

async function act(
  storage: Storage,
  { user, items, model }: Person,
  { what, word, index }: Action,
  step: number,
): Promise<void> {
  const item = items[index % Math.max(items.length, 1)];
  if (what === 'insert') {
    const added = anItem({ title: word, source: `source/${word}/${step}`, createdAt: epochMs });
    items.push(added);
    const vector = { itemId: added.id, model, values: Float32Array.of(step) };
    await storage.items.insert(user, [added], [vector]);
  } else if (what === 'share' || what === 'unshare') {
    await storage.users.setSharing(user, what === 'share');
  } else if (what === 'erase') {
    items.length = 0;
    await storage.users.erase(user);
  } else if (item !== undefined && what === 'open') {
    await storage.access.record(user, [
      anEvent(item.id, { at: epochMs + step * 1_000, eventId: `e${step}` }),
    ]);
  } else if (item !== undefined && what === 'delete') {
    items.splice(items.indexOf(item), 1);
    await storage.items.delete(user, item.id);
  } else if (item !== undefined) {
    const changed = { ...item, title: word, version: item.version + 1 };
    items[items.indexOf(item)] = changed;
    await storage.items.update(user, changed, item.version, []);
  }
}

/** All that a user can see by any method, apart from the statistics that users agreed to share. */
async function view(storage: Storage, { user, model }: Person, others: readonly Item[]): Promise<unknown> {
  const list = await storage.items.list(user, { limit: 100 });
  const ids = [...list, ...others].map(({ id }) => id);
  const statistics = await storage.access.statistics(user, { at: epochMs * 2, minUsers: 1 });
  return {
    list,
    items: await storage.items.getMany(user, ids),
    summaries: await storage.items.summaries(user, ids),
    count: await storage.items.count(user),
    matches: (await storage.search.match(user, words, { limit: 100 })).map(({ itemId }) => itemId).toSorted(),
    snippets: await storage.search.snippets(user, words, ids),
    frequencies: new Map(await storage.search.frequencies(user, words)),
    similar: (await storage.search.similarWords(user, 'appel')).map(({ term }) => term).toSorted(),
    recent: statistics.recent,
    opened: statistics.items.map((item) => ({ ...item, popularity: undefined })),
    transitions: statistics.transitions,
    neighbours: await storage.access.neighbours(user, ids, 100),
    used: [...(await storage.access.opened(user, ids))],
    vectors: (await storage.vectors.all(user, model)).vectors,
    missing: (await storage.vectors.missing(user, 'other', 100)).map(({ id }) => id),
    sharing: await storage.users.sharing(user),
  };
}

describe('Storage', () => {
  it('shows a user the same whatever another user does', async () => {
    const run = async (actions: readonly Action[]): Promise<void> => {
      await using together = await openStorage({ file: ':memory:' });
      await using alone = await openStorage({ file: ':memory:' });
      const [mine, theirs] = [aPerson(), aPerson()];
      for (const [step, each] of actions.entries()) {
        const person = each.who === 'mine' ? mine : theirs;
        const before = person.items.slice();
        await act(together, person, each, step);
        if (each.who === 'mine') await replay(alone, { ...mine, items: before }, mine, each, step);
      }
      expect(await view(together, mine, theirs.items)).toEqual(await view(alone, mine, theirs.items));
    };

    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 30 }), run), { numRuns: 60 });
  });
});

/** Does to the second storage what was done to the first, with the very items that were made there. */
async function replay(
  storage: Storage,
  before: Person,
  after: Person,
  done: Action,
  step: number,
): Promise<void> {
  const added = after.items.at(-1);
  if (done.what !== 'insert' || added === undefined) return act(storage, before, done, step);
  const vector = { itemId: added.id, model: after.model, values: Float32Array.of(step) };
  await storage.items.insert(after.user, [added], [vector]);
}

describe('queryTerms', () => {
  it('makes a query of any text that the index takes', async () => {
    await using storage = await openStorage({ file: ':memory:' });
    const user = aUser();
    const item = anItem({ title: 'apple' });
    await storage.items.insert(user, [item], []);
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          '"',
          "'",
          '*',
          ':',
          '(',
          ')',
          '^',
          '-',
          '+',
          '{',
          '}',
          'NEAR',
          ' OR ',
          ' AND ',
          ' NOT ',
          'owner',
          'a',
          '\0',
          '|',
          '&',
          '!',
          '<->',
        ),
      }),
    );

    const run = async (typed: string): Promise<void> => {
      const hits = await storage.search.match(user, [...queryTerms(typed), 'apple'], { limit: 5 });
      await storage.search.snippets(user, queryTerms(typed), [item.id]);
      expect(hits.map(({ itemId }) => itemId)).toEqual([item.id]);
    };

    await expect(fc.assert(fc.asyncProperty(text, run), { numRuns: 1_000 })).resolves.toBeUndefined();
  });
});
