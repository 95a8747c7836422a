import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LruTable } from '../../src/memory/eviction/lru-table.ts';
import type { RecordTable } from '../../src/memory/eviction/record-table.ts';
import { S3FifoTable } from '../../src/memory/eviction/s3-fifo-table.ts';
import { NaiveLru } from './model/naive-lru.ts';
import { NaiveS3Fifo } from './model/naive-s3-fifo.ts';
import { type Bounds, type NaiveTable, Numbered } from './model/naive-table.ts';

type Step =
  | { readonly act: 'get' | 'peek' | 'delete'; readonly key: string }
  | { readonly act: 'set'; readonly key: string; readonly bytes: number; readonly spent: boolean }
  | { readonly act: 'clear' };

const someBounds: fc.Arbitrary<Bounds> = fc.oneof(
  fc.record({ maxEntries: fc.integer({ min: 1, max: 40 }), maxBytes: fc.constant(1_000_000) }),
  fc.record({ maxEntries: fc.integer({ min: 1, max: 40 }), maxBytes: fc.integer({ min: 1, max: 200 }) }),
);

/** Low numbers come more often, as popular keys do. */
const someKey = fc.integer({ min: 0, max: 900 }).map((number) => `key ${Math.floor(Math.sqrt(number))}`);

const someSteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 40, arbitrary: fc.record({ act: fc.constant('get' as const), key: someKey }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('peek' as const), key: someKey }) },
    { weight: 5, arbitrary: fc.record({ act: fc.constant('delete' as const), key: someKey }) },
    {
      weight: 50,
      arbitrary: fc.record({
        act: fc.constant('set' as const),
        key: someKey,
        bytes: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 220 })),
        spent: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ act: 'clear' as const }) },
  ),
  { size: 'max', maxLength: 400 },
);

function take(step: Step, number: number, table: RecordTable<Numbered> | NaiveTable): unknown {
  if (step.act === 'clear') return table.clear();
  if (step.act === 'set') return table.set(step.key, new Numbered(number, step.spent), step.bytes);
  const taken = table[step.act](step.key);
  return taken instanceof Numbered ? taken.number : taken;
}

function show(table: RecordTable<Numbered> | NaiveTable): object {
  const { size, bytes, evictions } = table;
  return {
    size,
    bytes,
    evictions,
    entries: Array.from(table.entries(), ([key, { number }]) => [key, number]),
  };
}

const policies = [
  ['lru', (bounds: Bounds) => new LruTable<Numbered>(bounds), (bounds: Bounds) => new NaiveLru(bounds)],
  [
    's3-fifo',
    (bounds: Bounds) => new S3FifoTable<Numbered>(bounds, ({ spent }) => spent),
    (bounds: Bounds) => new NaiveS3Fifo(bounds),
  ],
] as const;

describe.each(policies)('a table with the policy %s', (_name, tableOf, modelOf) => {
  it('holds what a table of plain lists holds, in its order', () => {
    fc.assert(
      fc.property(someBounds, someSteps, (bounds, steps) => {
        const [table, model] = [tableOf(bounds), modelOf(bounds)];
        for (const [number, step] of steps.entries()) {
          expect(take(step, number, table)).toEqual(take(step, number, model));
          expect(show(table)).toEqual(show(model));
        }
      }),
    );
  });

  it('never holds more than its bounds, nor another record than the last one set', () => {
    fc.assert(
      fc.property(someBounds, someSteps, (bounds, steps) => {
        const table: RecordTable<Numbered> = tableOf(bounds);
        const last = new Map<string, number>();
        for (const [number, step] of steps.entries()) {
          take(step, number, table);
          if (step.act === 'set') last.set(step.key, number);
          expect(table.size).toBeLessThanOrEqual(bounds.maxEntries);
          expect(table.bytes).toBeLessThanOrEqual(bounds.maxBytes);
        }
        for (const [key, { number }] of table.entries()) expect(number).toBe(last.get(key));
      }),
    );
  });
});

describe('a table with the policy s3-fifo', () => {
  it('remembers at most 0.8 keys, and one, for each of the most records it has held, and learns from them', () => {
    fc.assert(
      fc.property(someBounds, someSteps, (bounds, steps) => {
        const table = new S3FifoTable<Numbered>(bounds, ({ spent }) => spent);
        const model = new NaiveS3Fifo(bounds);
        let most = 0;
        for (const [number, step] of steps.entries()) {
          take(step, number, table);
          take(step, number, model);
          most = Math.max(most, table.size);
          expect(table.ghosts).toBe(model.ghosts);
          expect(table.ghosts).toBeLessThanOrEqual(0.8 * most + 1);
          expect(table.share).toBeCloseTo(model.share, 9);
        }
      }),
    );
  });
});
