import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deadline, Deadlines } from '../../src/redis/deadlines.ts';

const lengthMs = 50;

/** What happens next: time passes, something begins, or the one that began so many before ends. */
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), by: fc.integer({ min: 0, max: 80 }) }),
    fc.record({ kind: fc.constant('begin' as const), by: fc.constant(0) }),
    fc.record({ kind: fc.constant('end' as const), by: fc.nat({ max: 5 }) }),
  ),
  { maxLength: 60 },
);

describe('Deadlines', () => {
  it('expire in their order at the instant at which they are due, unless they have ended, by one timer at most', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const clock = new ManualClock();
        const deadlines = new Deadlines(clock, lengthMs);
        const begun: { deadline: Deadline; at: number; endedAt: number }[] = [];
        const expired: { index: number; at: number }[] = [];

        for (const { kind, by } of plan) {
          if (kind === 'pass') clock.advanceSync(by);
          if (kind === 'begin') {
            const index = begun.length;
            const deadline = deadlines.begin(() => expired.push({ index, at: clock.now() }));
            begun.push({ deadline, at: clock.now(), endedAt: Infinity });
          }
          const ending = kind === 'end' ? begun.at(-1 - by) : undefined;
          if (ending !== undefined) {
            deadlines.end(ending.deadline);
            ending.endedAt = Math.min(ending.endedAt, clock.now());
          }
          expect(clock.pending()).toBeLessThanOrEqual(1);
        }
        clock.advanceSync(2 * lengthMs);

        const due = begun.flatMap(({ at, endedAt }, index) =>
          endedAt < at + lengthMs ? [] : [{ index, at: at + lengthMs }],
        );
        expect(expired).toEqual(due);
        expect(clock.pending()).toBe(0);
      }),
    );
  });

  it('are not put off by the time that it takes to expire those before', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock, lengthMs);
    const expired: number[] = [];
    deadlines.begin(() => clock.advanceSync(20));
    clock.advanceSync(1);
    deadlines.begin(() => expired.push(clock.now()));

    clock.advanceSync(2 * lengthMs);

    expect(expired).toEqual([lengthMs + 20]);
  });
});
