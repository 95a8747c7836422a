import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { weightAt, halfLives } from '../../src/domain/decay.ts';
import type { AccessEvent } from '../../src/domain/model.ts';
import type { UserId } from '../../src/domain/user-id.ts';
import type { AccessStatistics, Storage } from '../../src/storage/contract.ts';
import { openStorage } from '../../src/storage/open.ts';
import { anItem, aUser, epochMs } from '../support/fixtures.ts';
import { referenceStatistics } from '../model/reference-statistics.ts';

const items = Array.from({ length: 4 }, (_, index) => anItem({ source: `s/${index}` }));

const history = fc.uniqueArray(
  fc.record({
    eventId: fc.integer({ min: 0, max: 40 }).map((id) => `e${String(id).padStart(2, '0')}`),
    itemId: fc.constantFrom(...items.map(({ id }) => id)),
    at: fc.integer({ min: 0, max: 60 }).map((step) => epochMs + step * 5 * 60_000),
    session: fc.constantFrom('', 's'),
    origin: fc.constant('open' as const),
  }),
  { selector: ({ eventId }) => eventId, maxLength: 25 },
);

async function withStorage(run: (storage: Storage, user: UserId) => Promise<void>): Promise<void> {
  await using storage = await openStorage({ file: ':memory:' });
  const user = aUser();
  await storage.users.setSharing(user, true);
  await storage.items.insert(user, items, []);
  await run(storage, user);
}

const rounded = (value: number): number => Number(value.toPrecision(9));

/** Everything that was learnt, in an order of its own and without the last digits of sums. */
async function learnt(storage: Storage, user: UserId): Promise<unknown> {
  const all: AccessStatistics[] = [];
  for (const { id } of items)
    all.push(await storage.access.statistics(user, { at: epochMs * 2, context: id, minUsers: 1 }));
  const [first] = all;
  return {
    opened: first?.items
      .map(({ itemId, count, lastAt, frequency, popularity }) => ({
        itemId,
        count,
        lastAt,
        frequency: rounded(frequency),
        popularity: rounded(popularity),
      }))
      .toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1)),
    transitions: all
      .flatMap(({ transitions, recent }) => transitions.filter(({ from }) => from === recent[0]?.itemId))
      .map(({ from, to, weight }) => `${from} ${to} ${rounded(weight)}`)
      .toSorted(),
    shared: all
      .flatMap(({ sharedTransitions, recent }) =>
        sharedTransitions.filter(({ from }) => from === recent[0]?.itemId),
      )
      .map(({ from, to, weight }) => `${from} ${to} ${rounded(weight)}`)
      .toSorted(),
  };
}

describe('AccessRepository', () => {
  it('learns the same from the same events, in whatever order, batches and repetitions they come', async () => {
    const delivery = history.chain((events) =>
      fc.record({
        events: fc.constant(events),
        shuffled: fc.shuffledSubarray([...events, ...events], {
          minLength: events.length * 2,
          maxLength: events.length * 2,
        }),
        batch: fc.integer({ min: 1, max: 7 }),
      }),
    );
    const run = async ({
      events,
      shuffled,
      batch,
    }: {
      events: AccessEvent[];
      shuffled: AccessEvent[];
      batch: number;
    }): Promise<void> =>
      withStorage(async (storage, user) => {
        for (let index = 0; index < shuffled.length; index += batch)
          await storage.access.record(user, shuffled.slice(index, index + batch));

        expect(await learnt(storage, user)).toEqual(referenceStatistics(events));
      });

    await fc.assert(fc.asyncProperty(delivery, run), { numRuns: 100 });
  });

  it('learns from a history with a deleted item what it would have learnt without it', async () => {
    const run = async (events: readonly AccessEvent[]): Promise<void> =>
      withStorage(async (storage, user) => {
        await storage.access.record(user, events);

        await storage.items.delete(user, items[1]?.id ?? '');

        const kept = events.filter(({ itemId }) => itemId !== items[1]?.id);
        expect(await learnt(storage, user)).toEqual(referenceStatistics(kept));
      });

    await fc.assert(fc.asyncProperty(history, run), { numRuns: 100 });
  });

  it('has a weight for any moment of the next 30 years that is finite and grows', () => {
    const year = 365 * 86_400_000;
    const later = weightAt(epochMs + 30 * year, halfLives.frequency);

    expect(Number.isFinite(later * 1e6)).toBe(true);
    expect(later).toBeGreaterThan(weightAt(epochMs + 30 * year - 1_000, halfLives.frequency));
  });
});
