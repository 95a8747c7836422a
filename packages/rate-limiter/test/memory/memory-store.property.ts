import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NaiveLimiter } from '../model/naive-limiter.ts';
import { naiveLimits, told } from '../support/traces.ts';

const visits = fc.array(fc.tuple(fc.nat(12), fc.nat(30)), { maxLength: 60 });

describe('MemoryStore', () => {
  it('invariant 17: holds no more subjects than allowed, and no timer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), visits, async (maxSubjects, trace) => {
        const clock = new ManualClock();
        const store = new MemoryStore({ maxSubjects });
        const limits = {
          user: { limit: 3, windowMs: 50 },
          smooth: { limit: 40, windowMs: 50, mode: 'smooth' as const },
        };
        const limiter = new RateLimiter({ limits, store, clock });

        for (const [subject, gapMs] of trace) {
          clock.advanceSync(gapMs);
          await limiter.check(`user ${subject}`);
          if (subject === 0) await limiter.block(`user ${gapMs}`, 20);
          expect(limiter.statistics().trackedSubjects).toBeLessThanOrEqual(maxSubjects);
        }
        expect(clock.pending()).toBe(0);
      }),
    );
  });

  it('forgets nobody who still counts while there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(30)), { maxLength: 60 }), (trace) => {
        const clock = new ManualClock();
        const limits = { user: { limit: 3, windowMs: 50 } };
        const roomy = new RateLimiter({ limits, clock });
        const tight = new RateLimiter({ limits, clock, store: new MemoryStore({ maxSubjects: 5 }) });

        for (const [subject, gapMs] of trace) {
          clock.advanceSync(gapMs);
          expect(told(tight.checkSync(`user ${subject}`))).toEqual(told(roomy.checkSync(`user ${subject}`)));
        }
      }),
    );
  });

  it('begins its cells anew with the first call after a quiet window', () => {
    const gaps = fc.array(fc.constantFrom(0, 1, 3, 64, 65), { maxLength: 12 });

    fc.assert(
      fc.property(gaps, fc.nat(1_000), (trace, startAt) => {
        const limits = { user: { limit: 33, windowMs: 64, by: 'user' } };
        const clock = new ManualClock();
        const naive = new NaiveLimiter(naiveLimits(limits));
        const limiter = new RateLimiter({ limits, clock });
        clock.advanceSync(startAt);

        for (const gapMs of trace) {
          clock.advanceSync(gapMs);
          const { limits: expected } = naive.check(clock.now(), {
            subject: { user: 'a' },
            tags: [],
            cost: 11,
            factor: 1,
          });
          expect(told(limiter.checkSync('a', { cost: 11 })).limits).toEqual(expected);
        }
      }),
    );
  });

  it('counts a subject the same however long and often its logs grow, run out and grow again', () => {
    const paced = fc.array(
      fc.tuple(fc.nat(3), fc.constantFrom(1, 2, 7, 40, 400), fc.integer({ min: 1, max: 2 })),
      { minLength: 50, maxLength: 150 },
    );

    fc.assert(
      fc.property(paced, (trace) => {
        const limits = {
          exact: { limit: 32, windowMs: 100, by: 'user' },
          cells: { limit: 60, windowMs: 320, by: 'user' },
        };
        const clock = new ManualClock();
        const naive = new NaiveLimiter(naiveLimits(limits));
        const limiter = new RateLimiter({ limits, clock });

        for (const [user, gapMs, cost] of trace) {
          clock.advanceSync(gapMs);
          const subject = { user: `user ${user}` };
          const { limits: expected } = naive.check(clock.now(), { subject, tags: [], cost, factor: 1 });
          expect(told(limiter.checkSync(subject, { cost })).limits).toEqual(expected);
        }
      }),
      { numRuns: 50 },
    );
  });
});
