import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TransientMap } from '../src/transient-map.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

interface Passing {
  set(key: string, value: object): void;
  delete(key: string): unknown;
}

/** By how many bytes the old generation grows while entries of a kilobyte pass through, none of which stays. */
function promotedBytes(map: Passing): number {
  const oldBytes = (): number =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
  // The map is old, as that of a cache which has run for a while.
  collect();
  collect();
  const before = oldBytes();
  for (let round = 0; round < 400; round += 1) {
    for (let index = 0; index < 100; index += 1)
      map.set(
        `${round}:${index}`,
        Array.from({ length: 128 }, () => round),
      );
    for (let index = 0; index < 100; index += 1) map.delete(`${round}:${index}`);
    collect({ type: 'minor' });
  }
  return oldBytes() - before;
}

describe('TransientMap', () => {
  it('holds what a Map holds', () => {
    const key = fc.integer({ min: 0, max: 400 }).map(String);
    const step = fc.oneof(fc.record({ set: key, value: fc.nat() }), fc.record({ delete: key }));

    fc.assert(
      fc.property(fc.array(step, { maxLength: 2_000, size: 'max' }), (steps) => {
        const map = new TransientMap<number>();
        const model = new Map<string, number>();
        for (const each of steps) {
          if ('set' in each) {
            map.set(each.set, each.value);
            model.set(each.set, each.value);
          } else {
            map.delete(each.delete);
            model.delete(each.delete);
          }
        }

        expect(map.size).toBe(model.size);
        expect(map.keys()).toEqual([...model.keys()]);
        expect(map.values()).toEqual([...model.values()]);
        for (const [held, value] of model) expect(map.get(held)).toBe(value);
      }),
      { numRuns: 50 },
    );
  });

  it('lets go of what has passed through it without a full collection, as a Map does not', () => {
    const ours = promotedBytes(new TransientMap<object>());
    const plain = promotedBytes(new Map<string, object>());

    expect(plain).toBeGreaterThan(10_000_000);
    // What passed since it last moved on may be taken along.
    expect(ours).toBeLessThan(plain / 3);
  });
});
