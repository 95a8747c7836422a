import { getEventListeners } from 'node:events';
import { isHoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { Dedupe } from '@holdfast/dedupe';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

import { Backend } from './model/backend.ts';
import { DedupeModel } from './model/dedupe-model.ts';

const maxAgeMs = 100;
const lingerMs = { abort: 0, linger: 60, continue: Infinity };
const abandon = { abort: 'abort', linger: { lingerMs: lingerMs.linger }, continue: 'continue' } as const;

/** The real thing next to the model, each caller's outcome written the model's way. */
class Bench {
  readonly clock = new ManualClock();
  readonly backend = new Backend();
  readonly dedupe: Dedupe;
  readonly model: DedupeModel;
  readonly controllers: AbortController[] = [];
  readonly outcomes: (string | undefined)[] = [];
  readonly settlements: number[] = [];

  constructor(policy: keyof typeof abandon) {
    this.dedupe = new Dedupe({ clock: this.clock, maxAgeMs, abandon: abandon[policy] });
    this.model = new DedupeModel(maxAgeMs, lingerMs[policy]);
  }

  call(key: string, leavable: boolean, deadlineMs: number): void {
    const caller = this.controllers.length;
    const controller = new AbortController();
    this.controllers.push(controller);
    this.settlements.push(0);
    const options = { signal: leavable ? controller.signal : undefined, deadlineMs };
    const settled = (outcome: string): void => {
      this.outcomes[caller] = outcome;
      this.settlements[caller] = (this.settlements[caller] ?? 0) + 1;
    };
    this.dedupe.run(key, this.backend.operation, options).then(
      (value) => settled(String(value)),
      (error: unknown) =>
        settled(isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED') ? 'deadline' : String(error)),
    );
  }

  actual(): unknown {
    const { calls, inFlight, abandoned } = this.dedupe.statistics();
    return {
      ...calls,
      inFlight,
      abandoned,
      aborted: this.backend.flights.map((each) => each.signal.aborted),
      outcomes: this.controllers.map((_, caller) => this.outcomes[caller]),
    };
  }

  expected(): unknown {
    const { callers, flights, inFlight } = this.model;
    const aborted = flights.map((each) => each.state === 'abandoned');
    return {
      leader: flights.length,
      follower: callers.length - flights.length,
      inFlight,
      abandoned: aborted.filter(Boolean).length,
      aborted,
      outcomes: callers.map((each) => each.outcome),
    };
  }
}

type Step = (bench: Bench) => void | Promise<void>;

const call =
  (key: string, leavable: boolean, deadlineMs: number): Step =>
  (bench) => {
    bench.call(key, leavable, deadlineMs);
    bench.model.call(key, leavable, deadlineMs);
  };

const land =
  (which: number, succeeds: boolean): Step =>
  ({ backend, model }) => {
    const index = which % Math.max(model.flights.length, 1);
    const flight = model.flights[index];
    if (flight === undefined || flight.state === 'landed') return;
    const outcome = `outcome ${index}`;
    if (succeeds) backend.flights[index]?.resolve(outcome);
    else backend.flights[index]?.reject(outcome);
    model.land(flight, outcome);
  };

const abort =
  (which: number): Step =>
  ({ controllers, model }) => {
    const index = which % Math.max(model.callers.length, 1);
    const caller = model.callers[index];
    if (caller?.leavable !== true) return;
    controllers[index]?.abort(`caller ${index} left`);
    model.leave(caller, `caller ${index} left`);
  };

const advance =
  (ms: number): Step =>
  async ({ clock, model }) => {
    await clock.advance(ms);
    model.advance(ms);
  };

const forget =
  (key: string): Step =>
  ({ dedupe, model }) => {
    dedupe.forget(key);
    model.forget(key);
  };

const key = fc.constantFrom('a', 'b');
const pick = fc.nat(1_000);
const deadlineMs = fc.constantFrom(Infinity, Infinity, 1, 99, 100, 250);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(key, fc.boolean(), deadlineMs).map((terms) => call(...terms)) },
  { weight: 2, arbitrary: fc.tuple(pick, fc.boolean()).map((terms) => land(...terms)) },
  { weight: 3, arbitrary: pick.map(abort) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 98, 99, 100, 101, 1_000).map(advance) },
  { weight: 1, arbitrary: key.map(forget) },
);

describe('Dedupe', () => {
  it.each([
    ['abort', 'an aborted flight is one that nobody waits for'],
    ['linger', 'an aborted flight is one that nobody came back for'],
    ['continue', 'no flight is aborted'],
  ] as const)(
    'invariants 30, 31, 32 and 33, %s: does what the model says after any history: %s',
    async (policy, _title) => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      onTestFinished(() => void process.off('unhandledRejection', note));

      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (history) => {
          const bench = new Bench(policy);
          for (const each of history) {
            await each(bench);
            await settle();
            expect(bench.actual()).toEqual(bench.expected());
          }

          for (const index of bench.model.flights.keys()) await land(index, index % 2 === 0)(bench);
          await settle();

          expect(bench.actual()).toEqual(bench.expected());
          expect(bench.settlements.every((count) => count === 1)).toBe(true);
          expect(bench.dedupe.inFlight).toBe(0);
          expect(bench.clock.pending()).toBe(0);
          expect(bench.controllers.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
        }),
        { numRuns: 200 },
      );

      expect(unhandled).toEqual([]);
    },
  );

  it('invariant 30: has at most one flight per key that is neither forgotten, too old nor left, whatever happens between turns', async () => {
    const moves = fc.array(fc.tuple(fc.constantFrom('call', 'land', 'leave'), pick), { maxLength: 30 });

    await fc.assert(
      fc.asyncProperty(moves, fc.scheduler(), async (plan, scheduler) => {
        const dedupe = new Dedupe();
        const running = new Set<object>();
        const callers: AbortController[] = [];
        const operation = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
          const flight = {};
          expect(running.size).toBe(0);
          running.add(flight);
          signal.addEventListener('abort', () => running.delete(flight));
          await scheduler.schedule(Promise.resolve());
          running.delete(flight);
        };
        const waits: Promise<unknown>[] = [];
        for (const [move, which] of plan) {
          if (move === 'call') {
            const caller = new AbortController();
            callers.push(caller);
            waits.push(
              dedupe.run('a', operation, { signal: caller.signal }).catch((error: unknown) => error),
            );
          } else if (move === 'leave') callers[which % callers.length]?.abort('left');
          else if (scheduler.count() > 0) await scheduler.waitOne();
        }
        await scheduler.waitAll();

        expect((await Promise.all(waits)).every((each) => each === undefined || each === 'left')).toBe(true);
        expect([dedupe.inFlight, running.size]).toEqual([0, 0]);
      }),
    );
  });
});
