import { ManualClock } from '@holdfast/core/testing';
import { Hedge } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Pseudo-random numbers from 0 to 1 (Lehmer). */
function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Lets `calls` calls through whose executions take exponentially distributed times; gives the delay after them. */
async function run(hedge: Hedge, clock: ManualClock, calls: number, meanMs: number, random: () => number) {
  for (let index = 0; index < calls; index += 1) {
    const tookMs = -Math.log(1 - random()) * meanMs;
    const call = hedge.execute(() => new Promise((resolve) => clock.schedule(() => resolve(1), tookMs)));
    await clock.advance(tookMs);
    await call;
  }
  return hedge.statistics().delayMs;
}

describe('the delay of a hedge', () => {
  it('HG-06: is near the 95th percentile, and follows when the times change', async () => {
    const clock = new ManualClock();
    const random = seeded(3);
    const hedge = new Hedge({ idempotent: true, clock, maxHedges: 1, budget: { ratio: 0 } });
    const p95 = -Math.log(0.05);

    expect((await run(hedge, clock, 800, 10, random)) / (10 * p95)).toBeGreaterThan(0.6);
    expect(hedge.statistics().delayMs / (10 * p95)).toBeLessThan(1.6);
    expect((await run(hedge, clock, 800, 40, random)) / (40 * p95)).toBeGreaterThan(0.6);
    expect(hedge.statistics().delayMs / (40 * p95)).toBeLessThan(1.6);
    expect((await run(hedge, clock, 1_500, 10, random)) / (10 * p95)).toBeLessThan(1.8);
  });
});

describe('Hedge', () => {
  it('invariants 24 and 25: gives each call one outcome and each value one end, within its budget, and leaves nothing behind', async () => {
    const execution = fc.record({
      takesMs: fc.constantFrom(0, 5, 10, 15, 40),
      ends: fc.constantFrom('value', 'error', 'bad'),
    });
    const call = fc.record({
      executions: fc.array(execution, { minLength: 4, maxLength: 4 }),
      abortAfterMs: fc.constantFrom(Infinity, Infinity, 0, 7, 20),
    });
    const options = fc.record({
      delay: fc.constantFrom(0, 5, 12, Infinity),
      maxHedges: fc.integer({ min: 1, max: 3 }),
      throws: fc.constantFrom('first' as const, 'last' as const),
      budget: fc.record({ ratio: fc.constantFrom(0, 0.5), maxSaved: fc.constantFrom(1, 3) }),
    });
    await fc.assert(
      fc.asyncProperty(options, fc.array(call, { maxLength: 12 }), async (given, calls) => {
        const clock = new ManualClock();
        const returned: object[] = [];
        const ended: unknown[] = [];
        const hedge = new Hedge({
          ...given,
          idempotent: true,
          clock,
          isAcceptable: (value) => !(value as { bad: boolean }).bad,
          onDiscard: (value) => ended.push(value),
        });
        const executed = new Map<number, number>();
        const outcomes = calls.map(async ({ executions, abortAfterMs }, index) => {
          const controller = new AbortController();
          if (abortAfterMs !== Infinity) clock.schedule(() => controller.abort('left'), abortAfterMs);
          const operation = async ({ attempt }: { attempt: number }): Promise<object> => {
            executed.set(index, attempt + 1);
            const { takesMs = 0, ends = 'value' } = executions[attempt] ?? {};
            await new Promise<void>((resolve) => clock.schedule(resolve, takesMs));
            if (ends === 'error') throw new Error(`execution ${attempt}`);
            const value = { bad: ends === 'bad' };
            returned.push(value);
            return value;
          };
          ended.push(await hedge.execute(operation, { signal: controller.signal }));
        });
        const settled = Promise.allSettled(outcomes);
        await clock.advance(1_000);
        await settled;

        const { calls: counted, hedges } = hedge.statistics();
        const successes = counted.byFirst + counted.byHedge;
        expect(Math.max(0, ...executed.values())).toBeLessThanOrEqual(1 + given.maxHedges);
        expect(hedges.started).toBeLessThanOrEqual(given.budget.ratio * successes + given.budget.maxSaved);
        expect([...executed.values()].reduce((sum, count) => sum + count - 1, 0)).toBe(hedges.started);
        expect(new Set(ended)).toEqual(new Set(returned));
        expect(ended).toHaveLength(returned.length);
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
