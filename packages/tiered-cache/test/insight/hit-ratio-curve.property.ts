import { ManualClock } from '@holdfast/core/testing';
import { HitRatioCurve } from '@holdfast/tiered-cache/insight';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { randomOf } from './model/random.ts';
import { loopTrace, scanTrace } from './model/traces.ts';

const seed = fc.integer({ min: 1, max: 1_000_000 });
const size = fc.integer({ min: 1, max: 60 });
/** Some keys often, some seldom. */
const trace = fc
  .array(fc.oneof(fc.nat(5), fc.nat(300)), { minLength: 200, maxLength: 2_000 })
  .map((numbers) => numbers.map((number) => `key:${number}`));

function curveOf(keys: readonly string[], entries: number, from: number): HitRatioCurve {
  const curve = new HitRatioCurve({
    entries,
    maxWatched: 16,
    clock: new ManualClock(),
    random: randomOf(from),
  });
  for (const key of keys) curve.record(key);
  return curve;
}

describe('HitRatioCurve', () => {
  it('gives ratios from 0 to 1 that never fall as the size grows', () => {
    fc.assert(
      fc.property(trace, size, seed, (keys, entries, from) => {
        const curve = curveOf(keys, entries, from);

        let last = 0;
        for (let each = 1; each <= 8 * entries; each += 1) {
          const ratio = curve.hitRatio(each);
          expect(ratio).toBeGreaterThanOrEqual(last);
          expect(ratio).toBeLessThanOrEqual(1);
          last = ratio;
        }
      }),
      { numRuns: 30 },
    );
  });

  it('never watches more than maxWatched keys, and needs them all during a scan', () => {
    fc.assert(
      fc.property(size, seed, (entries, from) => {
        const curve = curveOf([], entries, from);

        const counts = scanTrace(30_000).map((key) => {
          curve.record(key);
          return curve.watched;
        });

        expect(Math.max(...counts)).toBe(16);
        expect(counts.at(-1)).toBe(16);
      }),
      { numRuns: 20 },
    );
  });

  it('knows to the entry from which size on a loop fits', () => {
    fc.assert(
      fc.property(size, seed, (keys, from) => {
        const curve = curveOf(loopTrace(keys, 20_000), 60, from);
        const tooSmall: number[] = [];

        for (let each = 1; each < keys; each += 1) tooSmall.push(curve.hitRatio(each));
        expect(tooSmall.every((ratio) => ratio === 0)).toBe(true);
        expect(curve.hitRatio(keys)).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});
