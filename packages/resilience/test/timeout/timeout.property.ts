import { getEventListeners } from 'node:events';
import { isHoldfastError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { Timeout } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

const timeoutMs = 100;
const call = fc.record({
  startsAt: fc.constantFrom(0, 0, 1, 50, 99, 100, 101),
  takesMs: fc.constantFrom(0, 1, 50, 99, 101, 250, Infinity),
  succeeds: fc.boolean(),
  readsSignal: fc.boolean(),
  deadlineMs: fc.constantFrom(Infinity, Infinity, 1, 99, 100, 101),
  abortAfterMs: fc.constantFrom(Infinity, Infinity, 1, 98, 150),
});

/** The first cause wins; of causes at the same time, the caller's own one, then its deadline. */
function expected({
  takesMs,
  succeeds,
  deadlineMs,
  abortAfterMs,
}: typeof call extends fc.Arbitrary<infer Call> ? Call : never) {
  const causes: [number, string][] = [
    [abortAfterMs, 'gone'],
    [deadlineMs, 'ERR_DEADLINE_EXCEEDED'],
    [timeoutMs, 'ERR_TIMEOUT'],
    [takesMs, succeeds ? 'value' : 'failure'],
  ];
  return causes.reduce((first, each) => (each[0] < first[0] ? each : first));
}

describe('Timeout', () => {
  it('invariants 26 and 27: settles each call by the first cause at its very time, and leaves nothing behind', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));

    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
        const clock = new ManualClock();
        const timeout = new Timeout({ timeoutMs, clock });
        const seen: unknown[] = calls.map(() => undefined);
        const signals: AbortSignal[] = [];
        let released = 0;
        for (const [i, each] of calls.entries()) {
          const caller = new AbortController();
          signals.push(caller.signal);
          const settled = (outcome: unknown): void => {
            const code = isHoldfastError(outcome) ? outcome.code : outcome;
            seen[i] = [clock.now() - each.startsAt, code];
          };
          const start = (): void => {
            const options = { signal: caller.signal, deadlineMs: each.deadlineMs };
            if (each.abortAfterMs !== Infinity) clock.schedule(() => caller.abort('gone'), each.abortAfterMs);
            const operation = (context: { signal: AbortSignal }): Promise<string> =>
              new Promise((resolve, reject) => {
                if (each.readsSignal) context.signal.addEventListener('abort', () => {});
                if (each.takesMs === Infinity) return;
                clock.schedule(() => (each.succeeds ? resolve('value') : reject('failure')), each.takesMs);
              });
            timeout.execute(operation, options, { release: () => (released += 1) }).then(settled, settled);
          };
          clock.schedule(start, each.startsAt);
        }

        await clock.advance(100_000);

        expect(seen).toEqual(calls.map(expected));
        expect(released).toBe(calls.length);
        expect(clock.pending()).toBe(0);
        expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
        expect(timeout.statistics().zombies).toBe(calls.filter((each) => each.takesMs === Infinity).length);
      }),
      { numRuns: 500 },
    );

    expect(unhandled).toEqual([]);
  });

  it('invariant 29: keeps at most one timer for calls without a deadline, and none when nobody is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 1, 30, 99, 100, 130), { maxLength: 30 }),
        async (gapsMs) => {
          const clock = new ManualClock();
          const timeout = new Timeout({ timeoutMs, clock });
          for (const gapMs of gapsMs) {
            timeout.execute(() => new Promise(() => {})).catch(() => {});
            await clock.advance(gapMs);

            expect(clock.pending()).toBeLessThanOrEqual(1);
          }
          await clock.advance(timeoutMs);

          expect(clock.pending()).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });
});
