import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acts,
  type AnyLimiter,
  type Call,
  call as anyCall,
  calls,
  limitSets,
  limitSetsWithTraits,
  naiveLimits,
  play,
  playActs,
  playNaively,
  told,
} from './support/traces.ts';

/** A limiter that has seen `trace`, and its clock. */
async function after(
  limits: LimitsOptions,
  trace: readonly Call[],
  factor: () => number = () => 1,
): Promise<{ limiter: AnyLimiter; clock: ManualClock }> {
  const clock = new ManualClock();
  const limiter: AnyLimiter = new RateLimiter({ limits, clock, factor });
  await play(limiter, clock, trace);
  return { limiter, clock };
}

/** What everybody has left. */
async function look(limiter: AnyLimiter): Promise<unknown> {
  const everybody = [{ user: 'alice' }, { user: 'bob' }, { ip: '192.0.2.1' }, { ip: '2001:db8::1' }];
  return Promise.all(
    everybody.map(async (subject) => told(await limiter.check(subject, { cost: 0, tags: ['expensive'] }))),
  );
}

const history = fc.tuple(limitSets, calls);
const historyAndCall = fc.tuple(limitSets, calls, anyCall);

describe('RateLimiter', () => {
  it('invariants 1 and 2: admits no more than a strict limit, and no more than burst + limit of a smooth one, in any window', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ([limits, trace]) => {
        const clock = new ManualClock();
        const steps = await play(new RateLimiter({ limits, clock }), clock, trace);

        for (const { name, limit, windowMs, by, mode, burst } of naiveLimits(limits)) {
          const bound = mode === 'strict' ? limit : burst + limit;
          const admitted = steps.filter(({ decision }) => decision.allowed && name in decision.limits);
          for (const last of admitted) {
            const together = admitted.filter(
              ({ at, call }) =>
                at > last.at - windowMs && at <= last.at && call.subject[by] === last.call.subject[by],
            );
            expect(together.reduce((sum, { call }) => sum + call.cost, 0)).toBeLessThanOrEqual(bound);
          }
        }
      }),
    );
  });

  it('invariant 2: admits no more than burst plus what a smooth limit gives back, in an interval of any length', () => {
    const paced = fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), fc.integer({ min: 1, max: 3 })), {
      minLength: 20,
      maxLength: 60,
    });
    const limit = fc.record({
      limit: fc.integer({ min: 1, max: 40 }),
      windowMs: fc.integer({ min: 5, max: 200 }),
      burst: fc.integer({ min: 1, max: 40 }),
    });

    fc.assert(
      fc.property(limit, paced, (options, trace) => {
        const clock = new ManualClock();
        const limiter = new RateLimiter({ limits: { user: { ...options, mode: 'smooth' } }, clock });
        const admitted: { at: number; cost: number }[] = [];
        for (const [gapMs, cost] of trace) {
          clock.advanceSync(gapMs);
          if (limiter.checkSync('alice', { cost }).allowed) admitted.push({ at: clock.now(), cost });
        }

        for (const first of admitted)
          for (const last of admitted) {
            const within = admitted.filter(({ at }) => at >= first.at && at <= last.at);
            const givenBack = (options.limit * Math.max(0, last.at - first.at)) / options.windowMs;
            const spent = within.reduce((sum, { cost }) => sum + cost, 0);
            expect(spent).toBeLessThanOrEqual(options.burst + givenBack);
          }
      }),
      { numRuns: 50 },
    );
  });

  it('invariant 1: counts a long window in cells, and nothing longer than one cell too long', () => {
    const paced = fc.array(fc.tuple(fc.integer({ min: 0, max: 25 }), fc.integer({ min: 1, max: 2 })), {
      minLength: 100,
      maxLength: 200,
    });

    fc.assert(
      fc.property(fc.integer({ min: 33, max: 45 }), paced, (limit, trace) => {
        const windowMs = 320;
        const clock = new ManualClock();
        const limiter = new RateLimiter({ limits: { user: { limit, windowMs } }, clock });
        const admitted: { at: number; cost: number }[] = [];
        const spentIn = (spanMs: number): number =>
          admitted.filter(({ at }) => at > clock.now() - spanMs).reduce((sum, { cost }) => sum + cost, 0);

        for (const [gapMs, cost] of trace) {
          clock.advanceSync(gapMs);
          const { allowed } = limiter.checkSync('alice', { cost });
          expect(allowed ? spentIn(windowMs) + cost <= limit : spentIn(windowMs + 10) + cost > limit).toBe(
            true,
          );
          if (allowed) admitted.push({ at: clock.now(), cost });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('invariant 3: decides as a naive model that remembers every charge, whatever is done to it', async () => {
    await fc.assert(
      fc.asyncProperty(limitSetsWithTraits, acts, fc.nat(1_000), async (limits, trace, startAt) => {
        const clock = new ManualClock();
        const dial = { factor: 1 };
        const limiter: AnyLimiter = new RateLimiter({ limits, clock, factor: () => dial.factor });
        clock.advanceSync(startAt);

        expect(await playActs(limiter, clock, dial, trace)).toEqual(
          playNaively(limits, trace, clock.now() - trace.reduce((sum, { gapMs }) => sum + gapMs, 0)),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('invariant 4: leaves every count as it was when it refuses or is only asked', async () => {
    await fc.assert(
      fc.asyncProperty(historyAndCall, async ([limits, trace, call]) => {
        const { limiter } = await after(limits, trace);
        const before = await look(limiter);
        const { allowed } = await limiter.check(call.subject, call);

        fc.pre(!allowed || call.cost === 0);
        expect(await look(limiter)).toEqual(before);
      }),
    );
  });

  it('invariant 5: lets a refused call pass after retryAfterMs, and not a millisecond earlier', async () => {
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

  it('invariant 5: never lets a call pass that it calls impossible', async () => {
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

  it('invariant 6: lets exactly the remaining units pass at the same instant', async () => {
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

  it('invariant 7: refuses whatever costs more, or falls under more limits, than a call that it refuses', async () => {
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

  it('invariant 7: refuses at a lower factor whatever it refuses at a higher one', async () => {
    // Not a double: those are drawn by their bits, so that nearly all of them are next to 0.
    const ratio = fc.nat(1_000).map((thousandths) => thousandths / 1_000);
    const factors = fc.tuple(ratio, ratio);

    await fc.assert(
      fc.asyncProperty(limitSetsWithTraits, calls, anyCall, factors, async (limits, trace, call, two) => {
        const dial = { factor: 1 };
        const { limiter } = await after(limits, trace, () => dial.factor);
        const remainingAt = async (factor: number): Promise<number[]> => {
          dial.factor = factor;
          const { limits: states } = await limiter.check(call.subject, { tags: call.tags, cost: 0 });
          return Object.values(states).map((state) => state?.remaining ?? 0);
        };

        const lower = await remainingAt(Math.min(...two));
        const higher = await remainingAt(Math.max(...two));

        for (const [i, remaining] of lower.entries()) expect(remaining).toBeLessThanOrEqual(higher[i] ?? 0);
      }),
    );
  });

  it('invariant 8: makes a refunded call as if it had never been, and another refund nothing', async () => {
    await fc.assert(
      fc.asyncProperty(historyAndCall, fc.nat(9), async ([limits, trace, call], again) => {
        const { limiter } = await after(limits, trace);
        const remaining = async (): Promise<unknown> =>
          ((await look(limiter)) as { limits: Record<string, { remaining: number }> }[]).map((each) =>
            Object.values(each.limits).map((state) => state.remaining),
          );
        const before = await remaining();

        const decision = await limiter.check(call.subject, call);
        await decision.refund();
        expect(await remaining()).toEqual(before);

        await decision.refund(again);
        await decision.settle(again);
        expect(await remaining()).toEqual(before);
      }),
    );
  });

  it('invariant 8: never has more left than the limits allow, whatever is given back', async () => {
    await fc.assert(
      fc.asyncProperty(limitSetsWithTraits, acts, fc.nat(30), async (limits, trace, reward) => {
        const clock = new ManualClock();
        const limiter: AnyLimiter = new RateLimiter({ limits, clock });
        await playActs(limiter, clock, { factor: 1 }, trace);
        await limiter.reward({ user: 'alice', ip: '192.0.2.1' }, reward + 1);

        const { limits: states } = await limiter.check({ user: 'alice', ip: '192.0.2.1' }, { cost: 0 });

        for (const [name, state] of Object.entries(states))
          expect([name, state?.remaining ?? 0, state?.resetMs ?? 0]).toSatisfy(
            ([, remaining, resetMs]: [string, number, number]) =>
              remaining <= (limits[name]?.burst ?? limits[name]?.limit ?? 0) && resetMs >= 0,
          );
      }),
    );
  });

  it('invariant 8: undoes at once by a reward what a penalty took', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 50 }), async ([limits, trace], cost) => {
        const { limiter } = await after(limits, trace);
        const before = await look(limiter);

        await limiter.penalize({ user: 'alice' }, cost);
        await limiter.reward({ user: 'alice' }, cost);

        const remaining = (seen: unknown): unknown =>
          (seen as { limits: Record<string, { remaining: number }> }[]).map((each) =>
            Object.values(each.limits).map((state) => state.remaining),
          );
        expect(remaining(await look(limiter))).toEqual(remaining(before));
      }),
    );
  });

  it('invariant 12: decides the same wherever on the clock the calls begin', async () => {
    await fc.assert(
      fc.asyncProperty(limitSetsWithTraits, acts, fc.nat(10_000_000), async (limits, trace, startAt) => {
        const [clock, later] = [new ManualClock(), new ManualClock()];
        later.advanceSync(startAt);
        const facts = (on: ManualClock): Promise<unknown> => {
          const dial = { factor: 1 };
          const limiter: AnyLimiter = new RateLimiter({ limits, clock: on, factor: () => dial.factor });
          return playActs(limiter, on, dial, trace);
        };

        expect(await facts(later)).toEqual(await facts(clock));
      }),
    );
  });

  it('invariant 12: lets time stand still while the clock is behind', async () => {
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
            expect(told(await jumping.check(subject, { tags, cost }))).toEqual(
              told(await monotonic.check(subject, { tags, cost })),
            );
          }
        },
      ),
    );
  });

  it('invariant 14: keeps subjects apart, whatever they are called', async () => {
    const names = fc.uniqueArray(
      fc.oneof(
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.constantFrom('__proto__', 'constructor', '*', '{a}', 'a:b', '\0', ' ', '\uD800', '\uD801'),
      ),
      { minLength: 2, maxLength: 2 },
    );
    const modes = fc.constantFrom('strict' as const, 'smooth' as const);

    await fc.assert(
      fc.asyncProperty(
        names,
        modes,
        fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.nat(3))),
        async ([a = '', b = ''], mode, trace) => {
          const limits = { user: { limit: 4, windowMs: 20, mode } };
          const [both, alone] = [new ManualClock(), new ManualClock()];
          const shared = new RateLimiter({ limits, clock: both });
          const own = new RateLimiter({ limits, clock: alone });

          const [seen, expected]: [unknown[], unknown[]] = [[], []];
          for (const [isA, gapMs, cost] of trace) {
            both.advanceSync(gapMs);
            alone.advanceSync(gapMs);
            const decision = await shared.check(isA ? a : b, { cost });
            if (isA) {
              await shared.block(a, 5);
              await shared.penalize(a, 3);
              continue;
            }
            seen.push(told(decision));
            expected.push(told(await own.check(b, { cost })));
          }

          expect(seen).toEqual(expected);
        },
      ),
    );
  });
});
