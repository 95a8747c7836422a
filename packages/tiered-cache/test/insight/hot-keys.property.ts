import { ManualClock } from '@holdfast/core/testing';
import { HotKeys } from '@holdfast/tiered-cache/insight';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { NaiveCounter } from './model/naive-counter.ts';

const halfLifeMs = 100;

type Step = { readonly read: string } | { readonly halvings: number };

const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 40 }).map((number) => `cold:${number}`) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ read: key }) },
  { weight: 1, arbitrary: fc.record({ halvings: fc.integer({ min: 1, max: 3 }) }) },
);
/** Few halvings, so that all counts are exact in floating point. */
const steps = fc
  .array(step, { maxLength: 400 })
  .filter((all) => all.filter((each) => 'halvings' in each).length <= 12);

function run(maxKeys: number, all: readonly Step[]): { hotKeys: HotKeys; model: NaiveCounter } {
  const clock = new ManualClock();
  const hotKeys = new HotKeys({ maxKeys, sampleRatio: 1, halfLifeMs, clock });
  const model = new NaiveCounter();
  for (const each of all) {
    if ('read' in each) {
      hotKeys.record(each.read);
      model.record(each.read);
    } else {
      clock.advanceSync(each.halvings * halfLifeMs);
      model.halve(each.halvings);
    }
  }
  return { hotKeys, model };
}

describe('HotKeys that count every read', () => {
  it('never hold more than maxKeys, each once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (maxKeys, all) => {
        const keys = run(maxKeys, all)
          .hotKeys.top()
          .map((each) => each.key);

        expect(keys.length).toBeLessThanOrEqual(maxKeys);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('enclose the true count between count - error and count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (maxKeys, all) => {
        const { hotKeys, model } = run(maxKeys, all);

        for (const { key: name, count, error } of hotKeys.top()) {
          expect(count - error).toBeLessThanOrEqual(model.of(name));
          expect(count).toBeGreaterThanOrEqual(model.of(name));
        }
      }),
    );
  });

  it('hold every key with more than one maxKeys-th of all reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (maxKeys, all) => {
        const { hotKeys, model } = run(maxKeys, all);
        const held = hotKeys.top().map((each) => each.key);
        const share = model.total / maxKeys;
        const hot = model.entries().flatMap(([name, count]) => (count > share ? [name] : []));

        expect(held).toEqual(expect.arrayContaining(hot));
      }),
    );
  });

  it('are exact as long as there are no more keys than maxKeys', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { hotKeys, model } = run(64, all);
        const counted = hotKeys.top().map(({ key: name, count, error }) => [name, count, error]);

        expect(counted).toHaveLength(model.entries().length);
        expect(counted).toEqual(
          expect.arrayContaining(model.entries().map(([name, count]) => [name, count, 0])),
        );
      }),
    );
  });

  it('come in the order of the reads that they had for certain', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (maxKeys, all) => {
        const certain = run(maxKeys, all)
          .hotKeys.top()
          .map(({ count, error }) => count - error);

        expect(certain).toEqual(certain.toSorted((a, b) => b - a));
      }),
    );
  });
});
