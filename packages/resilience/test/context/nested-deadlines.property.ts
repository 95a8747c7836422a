import { compose, type OperationContext, type Policy } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { pipeline, Retry, Timeout, withDeadline } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** One more level inside a call: how it bounds what is in it, and how much time passes before it begins. */
interface Level {
  readonly by: 'options' | 'pipeline' | 'timeout' | 'inherited' | 'retry';
  readonly limitMs: number;
  readonly passesMs: number;
}

const levels = fc.array(
  fc.record<Level>({
    by: fc.constantFrom('options', 'pipeline', 'timeout', 'inherited', 'retry'),
    limitMs: fc.constantFrom(1, 50, 100, 1_000, Infinity),
    passesMs: fc.constantFrom(0, 10, 60),
  }),
  { minLength: 1, maxLength: 5 },
);

/** Runs `inside` within one level; what is around it is handed on, as a program that nests policies does. */
function enter(
  { by, limitMs }: Level,
  clock: ManualClock,
  around: OperationContext | undefined,
  inside: (context: OperationContext) => Promise<void>,
): Promise<void> {
  const options = around && { deadlineMs: around.remainingMs() };
  const run = (policy: Policy): Promise<void> => policy.execute(inside, options);
  if (by === 'pipeline') return run(pipeline('level', { clock, deadlineMs: limitMs }));
  if (by === 'timeout') return run(new Timeout({ timeoutMs: limitMs, clock }));
  if (by === 'retry') return run(new Retry({ maxRetries: 0, clock }));
  if (by === 'inherited') return withDeadline(limitMs, () => run(pipeline('level', { clock })), clock);
  const deadlineMs = Math.min(limitMs, around?.remainingMs() ?? Infinity);
  return compose(new Retry({ maxRetries: 0, clock })).execute(inside, { deadlineMs });
}

describe('deadlines inside deadlines', () => {
  it('invariant 28: end no later than the one around them, however they are nested', async () => {
    await fc.assert(
      fc.asyncProperty(levels, async (nested) => {
        const clock = new ManualClock();
        const ends: number[] = [];
        const descend = async (depth: number, around?: OperationContext): Promise<void> => {
          if (around !== undefined) ends.push(clock.now() + around.remainingMs());
          const level = nested[depth];
          if (level === undefined) return;
          await new Promise<void>((resolve) => clock.schedule(resolve, level.passesMs));
          await enter(level, clock, around, (context) => descend(depth + 1, context));
        };
        const call = descend(0).catch(() => {});

        await clock.advance(10_000);
        await call;

        for (const [depth, end] of ends.slice(1).entries())
          expect(end).toBeLessThanOrEqual(ends[depth] ?? NaN);
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
