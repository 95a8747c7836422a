import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { compose, Execution, type Policy } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { pipeline, type PipelineSlots, Retry, Timeout } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

import { type PlannedCall, Result, simulate, type Throwers } from '../model/simulation.ts';

const isBad = (value: unknown): boolean => value instanceof Result && value.bad;
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
    { maxRetries: 2, backoff: { initialMs: 5 }, isRetryableValue: isBad },
    { maxRetries: 1, isRetryableValue: throwing },
    { maxRetries: 1, isRetryable: async () => true, isRetryableValue: async (value) => isBad(value) },
  ),
  hedge: fc.constantFrom<PipelineSlots['hedge'][]>(
    undefined,
    undefined,
    { idempotent: true, delay: 0 },
    { idempotent: true, delay: 5, maxHedges: 2, isAcceptable: (value) => !isBad(value) },
    { idempotent: true, delay: Infinity, throws: 'first', budget: { ratio: 0, maxSaved: 2 } },
    { idempotent: true, delay: { minSamples: 2 }, isAcceptable: throwing },
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
  chaos: fc.constantFrom<PipelineSlots['chaos'][]>(
    undefined,
    undefined,
    { latency: { rate: 0.5, delayMs: 10 }, fault: { rate: 0.3 } },
    { outcome: { rate: 0.5, value: () => 'injected' } },
  ),
});

const call: fc.Arbitrary<PlannedCall> = fc.record({
  gapMs: fc.constantFrom(0, 0, 0, 5, 10, 40),
  ticks: fc.constantFrom(0, 0, 1, 2, 3, 5, 8, 13, 50),
  takesMs: fc.constantFrom(0, 5, 10, 15, 300),
  ending: fc.constantFrom('value', 'bad', 'error', 'throw'),
  heeds: fc.boolean(),
  abortAfterMs: fc.constantFrom(Infinity, Infinity, 0, 3, 5, 10, 25),
  deadlineMs: fc.constantFrom(undefined, undefined, 0, 5, 7, 60),
  key: fc.constantFrom(undefined, 'a', 'b'),
});

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const calls = fc.array(call, { maxLength: 12 });
const seed = fc.nat();
const throwers: fc.Arbitrary<Throwers> = fc.record({ listeners: fc.boolean(), disposals: fc.boolean() });
const nobody: Throwers = { listeners: false, disposals: false };

/** What surfaces in the process until the test is over, counted by what it says. */
function surfaced(event: 'uncaughtException' | 'unhandledRejection'): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const previous = process.listeners(event) as (() => void)[];
  process.removeAllListeners(event);
  process.on(event, (error: unknown) => (counts[String(error)] = (counts[String(error)] ?? 0) + 1));
  onTestFinished(() => {
    process.removeAllListeners(event);
    for (const listener of previous) process.on(event, listener);
  });
  return counts;
}

describe('pipeline', () => {
  it('invariants 23, 34 and 36: gives back all that it took, settles each call once and counts it once, whatever the slots and the calls, and whoever throws', async () => {
    const uncaught = surfaced('uncaughtException');
    const unhandled = surfaced('unhandledRejection');
    const thrown = { listeners: 0, disposals: 0 };

    await fc.assert(
      fc.asyncProperty(slots, calls, seed, throwers, async (given, planned, number, whoThrows) => {
        const history = await simulate(given, planned, seeded(number), whoThrows);
        thrown.listeners += history.thrown.listeners;
        thrown.disposals += history.thrown.disposals;

        const { running, mostRunning, bulkhead, hedge } = history;
        expect([running, bulkhead?.running ?? 0, bulkhead?.queued ?? 0]).toEqual([0, 0, 0]);
        expect(mostRunning).toBeLessThanOrEqual(bulkhead?.limit ?? Infinity);
        expect(history.settlements).toEqual(planned.map(() => 1));
        expect(Object.values(history.calls).reduce((sum, count) => sum + count)).toBe(planned.length);
        const { started = 0 } = hedge?.statistics().hedges ?? {};
        const { byFirst = 0, byHedge = 0 } = hedge?.statistics().calls ?? {};
        const { ratio = 0, maxSaved = 0 } = hedge?.options.budget ?? {};
        expect(started).toBeLessThanOrEqual(ratio * (byFirst + byHedge) + maxSaved);
        expect([history.timers, history.listeners, history.lateStarts]).toEqual([0, 0, 0]);
      }),
      { numRuns: 1_500 },
    );

    // Each one, and nothing else.
    await settle();
    expect(Math.min(thrown.listeners, thrown.disposals)).toBeGreaterThan(100);
    expect(uncaught).toEqual({ 'Error: listeners': thrown.listeners });
    expect(unhandled).toEqual({ 'Error: disposals': thrown.disposals });
  });

  it('invariant 24: gives each value to its caller or disposes of it, once, whoever throws', async () => {
    surfaced('uncaughtException');
    surfaced('unhandledRejection');

    await fc.assert(
      fc.asyncProperty(slots, calls, seed, throwers, async (given, planned, number, whoThrows) => {
        const { results } = await simulate(given, planned, seeded(number), whoThrows);

        // Of a value that several callers get, nobody knows when the last one has done with it.
        const isRight = ({ shared, deliveries, disposals }: Result): boolean =>
          shared ? disposals <= (deliveries > 0 ? 0 : 1) : deliveries + disposals === 1;
        expect(results.filter((result) => !isRight(result))).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
  });

  it('invariant 38: is the same inside and around a policy that changes nothing', async () => {
    const identity: Policy = { execute: async (operation, options) => operation(new Execution(options)) };
    const joined = fc.record({
      policies: fc.subarray(['retry', 'timeout', 'bulkhead', 'breaker'] as const, { minLength: 1 }),
      place: fc.nat(4),
      ends: fc.constantFrom('value', 'error', 'late'),
      attempts: fc.nat(2),
    });

    await fc.assert(
      fc.asyncProperty(joined, async ({ policies, place, ends, attempts }) => {
        const seen = async (withIdentity: boolean): Promise<unknown> => {
          const clock = new ManualClock();
          const made = {
            retry: () => new Retry({ clock, random: () => 1, maxRetries: attempts }),
            timeout: () => new Timeout({ clock, timeoutMs: 10 }),
            bulkhead: () => new Bulkhead({ clock, limit: 1 }),
            breaker: () => new CircuitBreaker({ clock, window: { calls: 2 } }),
          };
          const chain: Policy[] = policies.map((name) => made[name]());
          const statistics = chain as unknown as readonly { statistics(): unknown }[];
          const own = [...statistics];
          if (withIdentity) chain.splice(place, 0, identity);
          let executions = 0;
          const running = compose(...chain).execute(async () => {
            executions += 1;
            if (ends === 'late') await new Promise<void>((resolve) => clock.schedule(resolve, 50));
            if (ends === 'error') throw new Error('down');
            return 'value';
          });
          const outcome = running.catch((error: unknown) => String(error));
          await clock.advance(100_000);
          return { outcome: await outcome, executions, statistics: own.map((each) => each.statistics()) };
        };

        expect(await seen(true)).toEqual(await seen(false));
      }),
    );
  });

  it('invariant 39: does the same again for the same calls and random numbers, even if listeners and disposals throw', async () => {
    surfaced('uncaughtException');
    surfaced('unhandledRejection');

    await fc.assert(
      fc.asyncProperty(slots, calls, seed, throwers, async (given, planned, number, whoThrows) => {
        const first = await simulate(given, planned, seeded(number), nobody);
        const second = await simulate(given, planned, seeded(number), whoThrows);

        expect(second.log).toEqual(first.log);
      }),
      { numRuns: 300 },
    );
  });

  it('invariant 35: without slots is the operation: the same value or error, by identity', async () => {
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
