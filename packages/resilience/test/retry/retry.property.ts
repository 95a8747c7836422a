import { getEventListeners } from 'node:events';
import { DeadlineExceededError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { Retry, type RetryEvent } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

/** How each execution ends, and after how many milliseconds. */
const execution = fc.record({ succeeds: fc.boolean(), takesMs: fc.constantFrom(0, 0, 10, 100) });
const plan = fc.record({
  executions: fc.array(execution, { minLength: 6, maxLength: 6 }),
  maxRetries: fc.nat(5),
  maxElapsedMs: fc.constantFrom(Infinity, Infinity, 0, 120, 1_000),
  deadlineMs: fc.constantFrom(Infinity, Infinity, 1, 150, 1_000),
  abortAtMs: fc.constantFrom(Infinity, Infinity, 0, 5, 55, 300),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('Retry', () => {
  it('invariants 21, 22 and 23: keeps to its limits whatever happens, settles once and leaves nothing behind', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));

    await fc.assert(
      fc.asyncProperty(plan, async ({ executions, abortAtMs, deadlineMs, ...options }) => {
        const clock = new ManualClock();
        const retry = new Retry({ ...options, clock, random: () => options.random });
        const pauses: RetryEvent[] = [];
        retry.events.subscribe((event) => event.type === 'retried' && pauses.push(event));
        const caller = new AbortController();
        const starts: number[] = [];
        const ends: number[] = [];
        const thrown: unknown[] = [];
        const operation = (): Promise<string> =>
          new Promise((resolve, reject) => {
            const { succeeds, takesMs } = executions[starts.length] ?? { succeeds: true, takesMs: 0 };
            starts.push(clock.now());
            clock.schedule(() => {
              ends.push(clock.now());
              const error = new Error(`execution ${starts.length}`);
              if (!succeeds) thrown.push(error);
              if (succeeds) resolve(`execution ${starts.length}`);
              else reject(error);
            }, takesMs);
          });
        if (abortAtMs !== Infinity) clock.schedule(() => caller.abort('gone'), abortAtMs);
        let settlements = 0;
        let outcome: unknown;
        const settle = (value: unknown): void => {
          settlements += 1;
          outcome = value;
        };
        retry.execute(operation, { signal: caller.signal, deadlineMs }).then(settle, settle);

        await clock.advance(100_000);

        expect(settlements).toBe(1);
        expect(starts.length).toBeLessThanOrEqual(1 + options.maxRetries);
        for (const [i, start] of starts.entries()) {
          if (i === 0) continue;
          expect(start).toBeLessThan(Math.min(deadlineMs, options.maxElapsedMs));
          expect(start).toBeLessThanOrEqual(abortAtMs);
          const pause = pauses[i - 1];
          expect(start - (ends[i - 1] ?? NaN)).toBeGreaterThanOrEqual(
            pause?.type === 'retried' ? pause.delayMs - 1e-9 : NaN,
          );
        }
        const possible = ['gone', thrown.at(-1), `execution ${starts.length}`];
        expect(outcome instanceof DeadlineExceededError || possible.includes(outcome)).toBe(true);
        expect(clock.pending()).toBe(0);
        expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
        const { calls, retries } = retry.statistics();
        expect(Object.values(calls).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(1);
        expect(retries).toBe(Math.max(starts.length - 1, 0));
      }),
      { numRuns: 500 },
    );

    expect(unhandled).toEqual([]);
  });

  it('RT-07: makes the same pauses again for the same random numbers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
        async (drawn) => {
          const pausesOf = async (): Promise<unknown[]> => {
            const clock = new ManualClock();
            const numbers = drawn.values();
            const retry = new Retry({ clock, maxRetries: 5, random: () => numbers.next().value ?? 0 });
            const pauses: unknown[] = [];
            retry.events.subscribe((event) => event.type === 'retried' && pauses.push(event.delayMs));
            const call = retry.execute(() => Promise.reject(new Error('down'))).catch(() => {});
            await clock.advance(100_000);
            await call;
            return pauses;
          };

          expect(await pausesOf()).toEqual(await pausesOf());
        },
      ),
      { numRuns: 20 },
    );
  });
});
