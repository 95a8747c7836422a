import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const windowMs = 60;

/** Milliseconds that pass, then milliseconds by which somebody sets the wall clock. */
function traces(shift: fc.Arbitrary<number>): fc.Arbitrary<readonly (readonly [number, number])[]> {
  return fc.array(fc.tuple(fc.nat(40), fc.oneof(fc.constant(0), shift)), { minLength: 1, maxLength: 60 });
}

const database = new DatabaseSync(':memory:');
let runs = 0;

/** When each call was admitted that is made by a trace, in time that really passed. */
function admissions(
  limit: number,
  trace: readonly (readonly [number, number])[],
  clock: ManualClock,
): number[] {
  const name = `run ${(runs += 1)}`;
  const limiter = new RateLimiter({
    name,
    limits: { user: { limit, windowMs } },
    clock,
    store: new SqliteStore(database),
  });
  const admitted: number[] = [];
  for (const [gapMs, shiftMs] of trace) {
    clock.advanceSync(gapMs);
    clock.shiftEpoch(shiftMs);
    if (limiter.checkSync('alice').allowed) admitted.push(clock.now());
  }
  return admitted;
}

function mostInAnyWindow(admitted: readonly number[]): number {
  const counts = admitted.map((last) => admitted.filter((at) => at > last - windowMs && at <= last).length);
  return Math.max(0, ...counts);
}

const limits = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 33, max: 40 }));

describe('SqliteStore under a wall clock that is set', () => {
  it('invariant 12: back admits no more than the limit in any window of real time', () => {
    fc.assert(
      fc.property(limits, traces(fc.integer({ min: -1_000, max: 0 })), (limit, trace) => {
        expect(mostInAnyWindow(admissions(limit, trace, new ManualClock()))).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('forward admits at most one further quota each time', () => {
    fc.assert(
      fc.property(limits, traces(fc.integer({ min: 0, max: 1_000 })), (limit, trace) => {
        const shifts = trace.filter(([, shiftMs]) => shiftMs > 0).length;

        const admitted = admissions(limit, trace, new ManualClock());

        expect(mostInAnyWindow(admitted)).toBeLessThanOrEqual(limit * (1 + shifts));
      }),
    );
  });

  it('back and forth locks nobody out for more than a window after it runs evenly again', () => {
    fc.assert(
      fc.property(limits, traces(fc.integer({ min: -100_000, max: 100_000 })), (limit, trace) => {
        const clock = new ManualClock();
        const steady = [
          [0, 0],
          [windowMs + 2, 0],
        ] as const;

        const admitted = admissions(limit, [...trace, ...steady], clock);

        expect(admitted.at(-1)).toBe(clock.now());
      }),
    );
  });
});
