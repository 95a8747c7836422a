import { CircuitBreaker, type Permit } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { neutralSteps, Pair, someOptions, someSteps, stepsWithRestarts } from './model/pair.ts';

describe('CircuitBreaker', () => {
  it('invariants 1, 2, 3, 4, 5, 8, 10 and 36: does what a breaker with alarms and endless lists does', () => {
    fc.assert(
      fc.property(someOptions, someSteps, (options, steps) => {
        const pair = new Pair(options);
        for (const step of steps) {
          pair.takeOne(step);
          expect(pair.actual).toEqual(pair.expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('invariant 7: makes no transition but those there are, and tells of each one once', () => {
    const after: Readonly<Record<string, readonly string[]>> = {
      closed: ['opened', 'half-opened', 'isolated'],
      opened: ['half-opened', 'closed', 'isolated'],
      'half-opened': ['opened', 'closed', 'isolated'],
      isolated: ['closed'],
    };
    fc.assert(
      fc.property(someOptions, someSteps, (options, steps) => {
        const pair = new Pair(options);
        pair.take(steps);

        const types = pair.events.map(({ type }) => type).filter((type) => type !== 'rejected');
        types.forEach((type, index) => expect(after[types[index - 1] ?? 'closed']).toContain(type));
        const count = (wanted: string): number => types.filter((type) => type === wanted).length;
        expect(pair.breaker.statistics().transitions).toEqual({
          opened: count('opened'),
          halfOpened: count('half-opened'),
          closed: count('closed'),
          isolated: count('isolated'),
        });
      }),
    );
  });

  it('invariant 9: never opens for longer than its bound and the jitter', () => {
    fc.assert(
      fc.property(someOptions, someSteps, (options, steps) => {
        const pair = new Pair(options);
        pair.take(steps);

        const openTimes = pair.events.map((event) => (event.type === 'opened' ? event.openForMs : 0));
        const boundMs = options.maxOpenForMs * (1 + options.jitterRatio);
        expect(Math.max(0, ...openTimes)).toBeLessThanOrEqual(boundMs);
      }),
    );
  });

  it('invariant 6: decides a half-open round by the time its leases have ended, whatever its calls do', () => {
    const ends = fc.array(
      fc.constantFrom('success' as const, 'failure' as const, 'ignore' as const, undefined),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(someOptions, ends, (options, results) => {
        const { breaker, clock, events } = new Pair(options);
        for (let call = 0; call < options.minCalls; call += 1) breaker.tryAcquire()?.failure();
        clock.advanceSync(options.maxOpenForMs * 2);
        for (const result of results) {
          const probe = breaker.tryAcquire();
          if (result !== undefined) probe?.[result]();
        }
        // Those who come now never end, until the round has no room left.
        while (breaker.state === 'half-open' && breaker.tryAcquire() !== undefined);

        clock.advanceSync(options.halfOpen.leaseMs);
        breaker.tryAcquire();

        const decisions = events.filter(({ type }) => type === 'opened' || type === 'closed');
        expect(decisions.length).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  it('invariant 11: opens and closes nothing on a history of ignored calls', () => {
    fc.assert(
      fc.property(someOptions, neutralSteps, (options, steps) => {
        // Calls that run for too long are not ignored: they are slow, whatever becomes of them.
        const pair = new Pair({ ...options, slow: undefined });
        pair.take(steps);

        expect(pair.breaker.state).toBe('closed');
        expect(pair.events).toEqual([]);
      }),
    );
  });

  it('invariant 12: goes on from a snapshot as the breaker that it was taken from would have', () => {
    fc.assert(
      fc.property(someOptions, stepsWithRestarts, (options, steps) => {
        const pair = new Pair(options);
        for (const step of steps) {
          pair.takeOne(step);
          const [actual, expected] = pair.lasting;
          expect(actual).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('invariant 13: computes in shadow what the breaker in earnest is, and refuses nothing', () => {
    fc.assert(
      fc.property(someOptions, someSteps, ({ drawn, ...options }, steps) => {
        const clock = new ManualClock();
        const common = { ...options, random: () => drawn, clock };
        const real = new CircuitBreaker(common);
        const shadow = new CircuitBreaker({ ...common, mode: 'shadow' });
        const running: (readonly [Permit | undefined, Permit | undefined])[] = [];
        for (const step of steps) {
          if (step.do === 'admit') {
            running.push([real.tryAcquire(), shadow.tryAcquire()]);
          }
          if (step.do === 'end') {
            const [picked] = running.splice(step.pick % Math.max(1, running.length), 1);
            for (const permit of picked ?? []) permit?.[step.result]();
          }
          if (step.do === 'wait') clock.advanceSync(step.ms);
          if (step.do === 'suspect') for (const breaker of [real, shadow]) breaker.suspect();

          expect(shadow.state).toBe(real.state);
          expect(running.every(([, permit]) => permit !== undefined)).toBe(true);
          expect([shadow.admitting, shadow.retryAfterMs]).toEqual([true, 0]);
          expect(shadow.statistics().calls.stale).toBe(real.statistics().calls.stale);
        }
      }),
    );
  });

  it('CB-27, invariant 5: never has more trial calls under way and decided than the round allows', () => {
    const move = fc.record({
      callers: fc.integer({ min: 1, max: 20 }),
      pick: fc.nat(20),
      result: fc.constantFrom('success' as const, 'ignore' as const),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(move, { maxLength: 40 }), (calls, moves) => {
        const clock = new ManualClock();
        const breaker = new CircuitBreaker({
          window: { calls: 1 },
          halfOpen: { calls },
          jitterRatio: 0,
          clock,
        });
        breaker.tryAcquire()?.failure();
        clock.advanceSync(5_000);
        const running: Permit[] = [];
        let succeeded = 0;
        for (const { callers, pick, result } of moves) {
          const room = calls - running.length - succeeded;
          const admitted = Array.from({ length: callers }, () => breaker.tryAcquire()).filter(
            (permit) => permit !== undefined,
          );
          expect(admitted).toHaveLength(Math.min(room, callers));
          running.push(...admitted);
          running.splice(pick % running.length, 1)[0]?.[result]();
          if (result === 'success') succeeded += 1;
          if (succeeded === calls) break;
        }
        expect(breaker.state).toBe(succeeded === calls ? 'closed' : 'half-open');
      }),
    );
  });
});
