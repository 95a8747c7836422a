import { CircuitBreaker, type CircuitBreakerEvent } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What callers do, in an order that the scheduler chooses. */
interface Caller {
  readonly outcome: 'success' | 'failure' | 'abort';
  /** How much time passes just before the call settles. */
  readonly waitMs: number;
  /** How many promises the operation waits for. */
  readonly hops: number;
}

const caller: fc.Arbitrary<Caller> = fc.record({
  outcome: fc.constantFrom('success' as const, 'failure' as const, 'abort' as const),
  waitMs: fc.constantFrom(0, 1, 40, 50, 100),
  hops: fc.integer({ min: 0, max: 3 }),
});

/** One run: callers come and operations go on, one at a time, in an order that a seed decides. */
class Exploration {
  readonly clock = new ManualClock();
  readonly breaker: CircuitBreaker;
  readonly transitions: CircuitBreakerEvent[] = [];
  /** Trial calls of the present round that have begun and were not ignored. */
  #probes = 0;
  running = 0;

  constructor(probes: number) {
    this.breaker = new CircuitBreaker({
      window: { calls: 3 },
      failureRatio: 0.5,
      openForMs: 50,
      maxOpenForMs: 100,
      jitterRatio: 0,
      halfOpen: { calls: probes, leaseMs: 100 },
      clock: this.clock,
    });
    this.breaker.events.subscribe((event) => {
      if (event.type === 'rejected') return;
      this.transitions.push(event);
      this.#probes = 0;
    });
  }

  async call(scheduler: fc.Scheduler, { outcome, waitMs, hops }: Caller, probes: number): Promise<void> {
    const controller = new AbortController();
    const operation = async (): Promise<void> => {
      // The state is what this call was let through by: `half-opened` is told before the first trial call begins.
      const epoch = this.transitions.length;
      const { state } = this.breaker;
      expect(['closed', 'half-open']).toContain(state);
      this.running += 1;
      if (state === 'half-open') expect((this.#probes += 1)).toBeLessThanOrEqual(probes);
      for (let hop = 0; hop < hops; hop += 1) await scheduler.schedule(Promise.resolve());
      this.clock.advanceSync(waitMs);
      this.running -= 1;
      if (outcome === 'abort') {
        controller.abort();
        if (state === 'half-open' && epoch === this.transitions.length) this.#probes -= 1;
      }
      if (outcome !== 'success') throw new Error(outcome);
    };
    await this.breaker.execute(operation, { signal: controller.signal }).catch(() => {});
  }
}

describe('CircuitBreaker, in any interleaving', () => {
  it('CB-26, CB-27, CB-28: keeps within its round and tells of each transition once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 3 }),
        fc.array(caller, { minLength: 1, maxLength: 40 }),
        async (scheduler, probes, callers) => {
          const exploration = new Exploration(probes);
          const calls = callers.map((each) =>
            scheduler.schedule(Promise.resolve()).then(() => exploration.call(scheduler, each, probes)),
          );

          await scheduler.waitFor(Promise.all(calls));

          const { breaker, transitions } = exploration;
          const { calls: counted, transitions: made } = breaker.statistics();
          const ended = counted.success + counted.failure + counted.ignored + counted.stale;
          expect(ended + counted.rejected).toBe(callers.length);
          expect(exploration.running).toBe(0);
          expect(transitions.filter(({ type }) => type === 'opened')).toHaveLength(made.opened);
          transitions.forEach(({ type }, index) => {
            expect(type).not.toBe(transitions[index + 1]?.type);
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the same history for the same seed', async () => {
    const histories: string[][] = [];
    const explore = fc.asyncProperty(
      fc.scheduler(),
      fc.array(caller, { minLength: 20, maxLength: 60 }),
      async (scheduler, callers) => {
        const exploration = new Exploration(2);
        const calls = callers.map((each) =>
          scheduler.schedule(Promise.resolve()).then(() => exploration.call(scheduler, each, 2)),
        );
        await scheduler.waitFor(Promise.all(calls));
        histories.push(exploration.transitions.map(({ type }) => type));
      },
    );

    await fc.assert(explore, { seed: 27, numRuns: 50 });
    await fc.assert(explore, { seed: 27, numRuns: 50 });

    expect(histories.slice(50)).toEqual(histories.slice(0, 50));
    expect(new Set(histories.flat()).size).toBeGreaterThan(2);
  });
});
