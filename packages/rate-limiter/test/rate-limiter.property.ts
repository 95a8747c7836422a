import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NaiveLimiter } from './model/naive-limiter.ts';
import { type AnyLimiter, type Call, calls, limitSets, naiveLimits, play } from './support/traces.ts';

/** A limiter that has seen `trace`, and its clock. */
async function after(
  limits: LimitsOptions,
  trace: readonly Call[],
): Promise<{ limiter: AnyLimiter; clock: ManualClock }> {
  const clock = new ManualClock();
  const limiter: AnyLimiter = new RateLimiter({ limits, clock });
  await play(limiter, clock, trace);
  return { limiter, clock };
}

const history = fc.tuple(limitSets, calls);
const historyAndCall = fc.tuple(
  limitSets,
  calls,
  calls.filter(({ length }) => length > 0).map(([call]) => call as Call),
);

describe('RateLimiter', () => {
  it('admits no more than the limit in any interval of the window’s length', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ([limits, trace]) => {
        const clock = new ManualClock();
        const steps = await play(new RateLimiter({ limits, clock }), clock, trace);

        for (const { name, limit, windowMs, by } of naiveLimits(limits)) {
          const admitted = steps.filter(({ decision }) => decision.allowed && name in decision.limits);
          for (const last of admitted) {
            const together = admitted.filter(
              ({ at, call }) =>
                at > last.at - windowMs && at <= last.at && call.subject[by] === last.call.subject[by],
            );
            expect(together.reduce((sum, { call }) => sum + call.cost, 0)).toBeLessThanOrEqual(limit);
          }
        }
      }),
    );
  });

  it('counts a long window in cells, and nothing longer than one cell too long', async () => {
    const paced = fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), fc.integer({ min: 1, max: 2 })), {
      minLength: 100,
      maxLength: 200,
    });

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 33, max: 45 }), paced, async (limit, trace) => {
        const windowMs = 320;
        const clock = new ManualClock();
        const limiter = new RateLimiter({ limits: { user: { limit, windowMs } }, clock });
        const admitted: { at: number; cost: number }[] = [];
        const spentIn = (spanMs: number): number =>
          admitted.filter(({ at }) => at > clock.now() - spanMs).reduce((sum, { cost }) => sum + cost, 0);

        for (const [gapMs, cost] of trace) {
          clock.advanceSync(gapMs);
          const { allowed } = await limiter.check('alice', { cost });
          expect(allowed ? spentIn(windowMs) + cost <= limit : spentIn(windowMs + 10) + cost > limit).toBe(
            true,
          );
          if (allowed) admitted.push({ at: clock.now(), cost });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('begins its cells anew with the first call after a quiet window', async () => {
    const gaps = fc.array(fc.constantFrom(0, 1, 3, 64, 65), { maxLength: 12 });

    await fc.assert(
      fc.asyncProperty(gaps, fc.nat(1_000), async (trace, startAt) => {
        const limits = { user: { limit: 33, windowMs: 64 } };
        const [clock, later] = [new ManualClock(), new ManualClock()];
        const naive = new NaiveLimiter(naiveLimits({ user: { ...limits.user, by: 'user' } }));
        const early = new RateLimiter({ limits, clock });
        const late = new RateLimiter({ limits, clock: later });
        later.advanceSync(startAt);

        for (const gapMs of trace) {
          clock.advanceSync(gapMs);
          later.advanceSync(gapMs);
          const decision = await early.check('a', { cost: 11 });
          expect(decision).toMatchObject({ limits: naive.check(clock.now(), { user: 'a' }, [], 11).limits });
          expect(decision).toEqual(await late.check('a', { cost: 11 }));
        }
      }),
    );
  });

  it('decides as a naive model that remembers every admission', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ([limits, trace]) => {
        const clock = new ManualClock();
        const naive = new NaiveLimiter(naiveLimits(limits));
        const steps = await play(new RateLimiter({ limits, clock }), clock, trace);

        for (const { at, call, decision } of steps) {
          const expected = naive.check(at, call.subject, call.tags, call.cost);
          expect(decision).toMatchObject({ allowed: expected.allowed, limits: expected.limits });
          expect(decision.violated.toSorted()).toEqual(expected.violated.toSorted());
        }
      }),
    );
  });

  it('leaves every count as it was when it refuses or is only asked', async () => {
    const everybody = [{ user: 'alice' }, { user: 'bob' }, { ip: '192.0.2.1' }, { ip: '2001:db8::1' }];

    await fc.assert(
      fc.asyncProperty(historyAndCall, async ([limits, trace, call]) => {
        const { limiter } = await after(limits, trace);
        const look = (): Promise<unknown> =>
          Promise.all(everybody.map((subject) => limiter.check(subject, { cost: 0, tags: ['expensive'] })));
        const before = await look();
        const { allowed } = await limiter.check(call.subject, call);

        fc.pre(!allowed || call.cost === 0);
        expect(await look()).toEqual(before);
      }),
    );
  });

  it('lets a refused call pass after retryAfterMs, and not a millisecond earlier', async () => {
    await fc.assert(
      fc.asyncProperty(historyAndCall, async ([limits, trace, call]) => {
        const early = await after(limits, trace);
        const { allowed, impossible, retryAfterMs } = await early.limiter.check(call.subject, call);
        fc.pre(!allowed && !impossible);

        early.clock.advanceSync(retryAfterMs - 1);
        expect((await early.limiter.check(call.subject, call)).allowed).toBe(false);

        const late = await after(limits, trace);
        late.clock.advanceSync(retryAfterMs);
        expect((await late.limiter.check(call.subject, call)).allowed).toBe(true);
      }),
    );
  });

  it('never lets a call pass that it calls impossible', async () => {
    await fc.assert(
      fc.asyncProperty(historyAndCall, fc.nat(1_000), async ([limits, trace, call], waitMs) => {
        const { limiter, clock } = await after(limits, trace);
        const { impossible } = await limiter.check(call.subject, call);
        fc.pre(impossible);

        clock.advanceSync(waitMs);

        expect(await limiter.check(call.subject, call)).toMatchObject({
          allowed: false,
          retryAfterMs: Infinity,
        });
      }),
    );
  });

  it('lets exactly the remaining units pass at the same instant', async () => {
    await fc.assert(
      fc.asyncProperty(historyAndCall, async ([limits, trace, { subject, tags }]) => {
        const { limiter } = await after(limits, trace);
        const { limits: states } = await limiter.check(subject, { tags, cost: 0 });
        const remaining = Math.min(...Object.values(states).map((state) => state?.remaining ?? 0));

        for (let i = 0; i < remaining; i += 1)
          expect((await limiter.check(subject, { tags })).allowed).toBe(true);
        expect((await limiter.check(subject, { tags })).allowed).toBe(false);
      }),
    );
  });

  it('refuses whatever costs more, or falls under more limits, than a call that it refuses', async () => {
    await fc.assert(
      fc.asyncProperty(historyAndCall, fc.nat(5), async ([limits, trace, call], more) => {
        const { limiter } = await after(limits, trace);
        const { allowed } = await limiter.check(call.subject, { cost: call.cost });
        fc.pre(!allowed);

        const dearer = await limiter.check(call.subject, { cost: call.cost + more });
        const limited = await limiter.check(call.subject, { cost: call.cost, tags: ['expensive'] });

        expect(dearer.allowed).toBe(false);
        expect(limited.allowed).toBe(false);
      }),
    );
  });

  it('decides the same wherever on the clock the calls begin', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(10_000_000), async ([limits, trace], startAt) => {
        const [clock, later] = [new ManualClock(), new ManualClock()];
        later.advanceSync(startAt);
        const decisions = async (on: ManualClock): Promise<unknown> =>
          (await play(new RateLimiter({ limits, clock: on }), on, trace)).map(({ decision }) => decision);

        expect(await decisions(later)).toEqual(await decisions(clock));
      }),
    );
  });

  it('lets time stand still while the clock is behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.array(fc.integer({ min: -50, max: 50 })),
        async ([limits, trace], drifts) => {
          let wild = 0;
          let steady = -Infinity;
          const time = { epoch: () => 0, schedule: () => () => undefined };
          const jumping: AnyLimiter = new RateLimiter({ limits, clock: { ...time, now: () => wild } });
          const monotonic: AnyLimiter = new RateLimiter({ limits, clock: { ...time, now: () => steady } });

          for (const [i, { gapMs, subject, tags, cost }] of trace.entries()) {
            wild += gapMs + (drifts[i] ?? 0);
            steady = Math.max(steady, wild);
            expect(await jumping.check(subject, { tags, cost })).toEqual(
              await monotonic.check(subject, { tags, cost }),
            );
          }
        },
      ),
    );
  });

  it('keeps subjects apart, whatever they are called', async () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.constantFrom('__proto__', 'constructor', '*', '{a}', 'a:b', '\0', ' '),
      ),
      { minLength: 2, maxLength: 2 },
    );

    await fc.assert(
      fc.asyncProperty(
        names,
        fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.nat(3))),
        async ([a = '', b = ''], trace) => {
          const limits = { user: { limit: 4, windowMs: 20 } };
          const [both, alone] = [new ManualClock(), new ManualClock()];
          const shared = new RateLimiter({ limits, clock: both });
          const own = new RateLimiter({ limits, clock: alone });

          const [seen, expected]: [unknown[], unknown[]] = [[], []];
          for (const [isA, gapMs, cost] of trace) {
            both.advanceSync(gapMs);
            alone.advanceSync(gapMs);
            const decision = await shared.check(isA ? a : b, { cost });
            if (isA) continue;
            seen.push(decision);
            expected.push(await own.check(b, { cost }));
          }

          expect(seen).toEqual(expected);
        },
      ),
    );
  });

  it('holds no more subjects than allowed, and no timer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.nat(12), fc.nat(30)), { maxLength: 60 }),
        async (maxSubjects, trace) => {
          const clock = new ManualClock();
          const store = new MemoryStore({ maxSubjects });
          const limiter = new RateLimiter({ limits: { user: { limit: 3, windowMs: 50 } }, store, clock });

          for (const [subject, gapMs] of trace) {
            clock.advanceSync(gapMs);
            await limiter.check(`user ${subject}`);
            expect(limiter.statistics().trackedSubjects).toBeLessThanOrEqual(maxSubjects);
          }
          expect(clock.pending()).toBe(0);
        },
      ),
    );
  });

  it('forgets nobody who still counts while there is room', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(4), fc.nat(30)), { maxLength: 60 }), async (trace) => {
        const clock = new ManualClock();
        const limits = { user: { limit: 3, windowMs: 50 } };
        const roomy = new RateLimiter({ limits, clock });
        const tight = new RateLimiter({ limits, clock, store: new MemoryStore({ maxSubjects: 5 }) });

        for (const [subject, gapMs] of trace) {
          clock.advanceSync(gapMs);
          expect(await tight.check(`user ${subject}`)).toEqual(await roomy.check(`user ${subject}`));
        }
      }),
    );
  });
});
