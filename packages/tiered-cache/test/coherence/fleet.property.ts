import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Fate } from './coherent-memory-store.ts';
import { losses } from './losses.ts';
import { type Action, Race, type RaceSetup, type Step } from './race.ts';

const reads: readonly Action[] = ['read', 'readMany'];
const invalidations: readonly Action[] = ['delete', 'deleteTag', 'expireTag', 'clear'];
const withSets: readonly Action[] = [...reads, ...invalidations, 'set'];
// An expiry has no version: a `set` that it has overtaken undoes it, as it would undo a deletion without one.
const withExpiries: readonly Action[] = [...reads, ...invalidations, 'expire'];

const steps = (allowed: readonly Action[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      node: fc.nat(2),
      do: fc.constantFrom<Action>('get', 'get', 'get', ...allowed),
      afterMs: fc.constantFrom(0, 0, 1, 2, 5, 20, 100, 450),
      loadMs: fc.constantFrom(0, 0, 1, 5, 30, 120),
    }),
    { maxLength: 20 },
  );

const anySteps: fc.Arbitrary<Step[]> = fc.oneof(steps(withSets), steps(withExpiries));

// A server that has lost a value or a tombstone cannot refuse an older version any more.
const ends: readonly Action[] = [...losses, 'restart', 'die'];
const stepsWithEnds: fc.Arbitrary<Step[]> = fc.oneof(
  steps([...withSets, ...ends.filter((action) => action !== 'loseValues')]),
  steps([...withExpiries, ...ends]),
);

const delays = fc.constantFrom(0, 0, 1, 3, 10, 40);
const slow: fc.Arbitrary<Fate> = fc.record({ requestMs: delays, betweenMs: delays, replyMs: delays });
const lossy: fc.Arbitrary<Fate> = fc.record({
  requestMs: delays,
  betweenMs: delays,
  replyMs: delays,
  fails: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    'before' as const,
    'between' as const,
    'after' as const,
  ),
});

const hourMs = 3_600_000;

const runs = { numRuns: Number(process.env['RUNS'] ?? 200) };
const sliding = { ttlMs: 1_500, slidingMs: 60 };
const stale = { ttlMs: 60, staleWhileRevalidateMs: 40, staleIfErrorMs: 80 };

type Setup = Omit<RaceSetup, 'size' | 'fates'>;

function everyRace(fate: fc.Arbitrary<Fate>, allSteps: fc.Arbitrary<Step[]>, setup: Setup): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 12 }), allSteps, async (fates, some) => {
      expect(await new Race({ ...setup, size: 3, fates }).run(some)).toEqual([]);
    }),
    runs,
  );
}

const places: [string, Setup][] = [
  ['with memory', {}],
  ['with the log on another server than the keys', { split: true }],
  ['beside a durable tier of each process', { durable: 'own' }],
  ['beside a durable tier that all share', { durable: 'shared' }],
  ['behind a durable tier that all share', { durable: 'nearer' }],
  ['beside both', { split: true, durable: 'own' }],
];

const habits: [string, Setup][] = [
  ['without memory', { options: { l1: false } }],
  ['with stale times', { options: stale }],
  ['with short leases', { options: { leaseMs: 100, leaseWaitMs: 150 } }],
  ['with a settling time', { options: { settleMs: 30 } }],
  ['with lives that slide', { options: sliding }],
  ['with lives that slide and stale times', { options: { ...stale, ...sliding } }],
  ['with lives that slide beside a durable tier', { durable: 'shared', options: sliding }],
];

describe('a fleet of caches in a race never gives out what was invalidated', () => {
  it.each([...places, ...habits])('over ways that are slow: %s', async (_what, setup) => {
    expect.hasAssertions();
    await everyRace(slow, anySteps, setup);
  });

  it.each([...places, ...habits])('over ways that lose things: %s', async (_what, setup) => {
    expect.hasAssertions();
    await everyRace(lossy, anySteps, setup);
  });

  it.each(places)('whatever the server loses, and whoever dies: %s', async (_what, setup) => {
    expect.hasAssertions();
    await everyRace(slow, stepsWithEnds, setup);
  });

  it.each(places)('with wall clocks that differ by up to an hour: %s', async (_what, setup) => {
    expect.hasAssertions();
    for (const skewsMs of [
      [0, hourMs, -hourMs],
      [0, 1_000, -1_000],
    ])
      for (const options of [{}, sliding]) await everyRace(slow, anySteps, { ...setup, options, skewsMs });
  });
});
