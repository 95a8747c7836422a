import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { IndexHeap } from '../../src/insight/index-heap.ts';

const capacity = 12;

type Step =
  | { readonly do: 'push' | 'raise'; readonly id: number; readonly rank: number }
  | { readonly do: 'scale'; readonly factor: number };

const id = fc.nat(capacity - 1);
const rank = fc.integer({ min: 0, max: 50 });
const steps = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.record({ do: fc.constantFrom('push' as const, 'raise' as const), id, rank }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('scale' as const), factor: fc.constantFrom(0.5, 2) }),
    },
  ),
  { maxLength: 120 },
);

describe('IndexHeap', () => {
  it('has an id of the lowest rank first, whatever was done to it', () => {
    fc.assert(
      fc.property(steps, (all: readonly Step[]) => {
        const heap = new IndexHeap(capacity);
        const model = new Map<number, number>();
        for (const step of all) {
          apply(step, heap, model);
          if (model.size === 0) continue;
          expect(heap.rankOf(heap.first)).toBe(Math.min(...model.values()));
          for (const [held, expected] of model) expect(heap.rankOf(held)).toBe(expected);
        }
      }),
    );
  });
});

/** Pushes only what is not held and raises only what is, as the heap demands. */
function apply(step: Step, heap: IndexHeap, model: Map<number, number>): void {
  if (step.do === 'scale') {
    heap.scale(step.factor);
    for (const [held, each] of model) model.set(held, each * step.factor);
    return;
  }
  const current = model.get(step.id);
  const next = (current ?? 0) + step.rank;
  if (current === undefined) heap.push(step.id, next);
  else heap.raise(step.id, next);
  model.set(step.id, next);
}
