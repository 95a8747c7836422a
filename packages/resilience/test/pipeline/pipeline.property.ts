import { getEventListeners } from 'node:events';
import type { Bulkhead } from '@holdfast/bulkhead';
import type { OperationContext } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { pipeline, type PipelineSlots } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

const throwing = (): never => {
  throw new Error('broken');
};

const slots: fc.Arbitrary<PipelineSlots<unknown>> = fc.record({
  deadlineMs: fc.constantFrom(undefined, 30, 200),
  fallback: fc.constantFrom(
    undefined,
    () => 'fallback',
    () => Promise.resolve('fallback'),
    throwing,
  ),
  dedupe: fc.constantFrom(undefined, true),
  retry: fc.constantFrom<PipelineSlots['retry'][]>(
    undefined,
    1,
    { maxRetries: 3, backoff: { initialMs: 0 } },
    { isRetryable: throwing },
    { maxRetries: 2, backoff: { initialMs: 20, jitter: 'none' } },
  ),
  breaker: fc.constantFrom<PipelineSlots['breaker'][]>(
    undefined,
    true,
    { window: { calls: 2 }, openForMs: 30 },
    { classify: throwing },
  ),
  rateLimit: fc.constantFrom(undefined, { limits: { calls: { limit: 3, windowMs: 50 } } }),
  bulkhead: fc.constantFrom<PipelineSlots['bulkhead'][]>(
    undefined,
    1,
    { limit: 1, maxQueued: 1 },
    { limit: 2, maxQueued: 20 },
  ),
  timeout: fc.constantFrom(undefined, { timeoutMs: 10 }, { timeoutMs: 100 }),
});

/** What an execution does, after how many milliseconds, and whether it heeds its signal. */
const call = fc.record({
  gapMs: fc.constantFrom(0, 0, 0, 5, 40),
  takesMs: fc.constantFrom(0, 5, 10, 15, 300),
  ending: fc.constantFrom('value', 'error', 'throw'),
  heeds: fc.boolean(),
  abortAfterMs: fc.constantFrom(Infinity, Infinity, 0, 3, 25),
  deadlineMs: fc.constantFrom(undefined, undefined, 0, 7, 60),
  key: fc.constantFrom(undefined, 'a', 'b'),
});

describe('pipeline', () => {
  it('gives back all that it took, settles each call once and counts it once, whatever the slots and the calls', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));

    await fc.assert(
      fc.asyncProperty(slots, fc.array(call, { maxLength: 12 }), async (given, calls) => {
        const clock = new ManualClock();
        const billing = pipeline('billing', { ...given, clock, random: () => 0.5 });
        let running = 0;
        let mostRunning = 0;
        let settlements = 0;
        const signals: AbortSignal[] = [];
        for (const { gapMs, takesMs, ending, heeds, abortAfterMs, ...options } of calls) {
          await clock.advance(gapMs);
          const caller = new AbortController();
          signals.push(caller.signal);
          if (abortAfterMs !== Infinity) clock.schedule(() => caller.abort('gone'), abortAfterMs);
          const operation = (context: OperationContext): Promise<string> => {
            if (ending === 'throw') throw new Error('thrown');
            running += 1;
            mostRunning = Math.max(mostRunning, running);
            return new Promise<string>((resolve, reject) => {
              if (heeds) context.signal.addEventListener('abort', () => reject(context.signal.reason));
              clock.schedule(
                () => (ending === 'value' ? resolve('value') : reject(new Error('down'))),
                takesMs,
              );
            }).finally(() => (running -= 1));
          };
          const settled = (): void => void (settlements += 1);
          billing.execute(operation, { signal: caller.signal, ...options }).then(settled, settled);
        }
        await clock.advance(10_000);

        const bulkhead = billing.parts.bulkhead as Bulkhead | undefined;
        const { calls: counted } = billing.statistics();
        expect(running + (bulkhead?.running ?? 0)).toBe(0);
        expect(mostRunning).toBeLessThanOrEqual(bulkhead?.limit ?? Infinity);
        expect(settlements).toBe(calls.length);
        expect(Object.values(counted).reduce((sum, count) => sum + count)).toBe(calls.length);
        expect(clock.pending()).toBe(0);
        expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
      }),
      { numRuns: 600 },
    );

    expect(unhandled).toEqual([]);
  });

  it('without slots is the operation: the same value or error, by identity', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything(),
        fc.constantFrom('return', 'resolve', 'throw', 'reject'),
        async (content, how) => {
          const operation = (): unknown => {
            if (how === 'return') return [content];
            if (how === 'resolve') return Promise.resolve([content]);
            if (how === 'reject') return Promise.reject([content]);
            // oxlint-disable-next-line typescript/only-throw-error -- a caller may throw anything
            throw [content];
          };
          const read = (outcome: unknown): unknown => (outcome as unknown[])[0];

          const seen = await pipeline('empty').execute(operation).then(read, read);

          expect(Object.is(seen, content)).toBe(true);
        },
      ),
    );
  });
});
