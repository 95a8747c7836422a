import { ManualClock } from '@holdfast/core/testing';
import type { LimitRule } from '@holdfast/rate-limiter';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ruleOf } from '../support/rules.ts';
import { type Call, Fleet } from './support/fleet.ts';

const size = 3;

const plans = fc
  .record({
    mode: fc.constantFrom('strict' as const, 'smooth' as const),
    limit: fc.oneof(fc.integer({ min: 12, max: 32 }), fc.integer({ min: 33, max: 300 })),
    windowMs: fc.integer({ min: 8, max: 40 }).map((seconds) => seconds * 1_000),
    burst: fc.integer({ min: 10, max: 200 }),
    ttlMs: fc.constantFrom(500, 2_000, 4_000),
  })
  .map(({ mode, limit, windowMs, burst, ttlMs }) => ({
    ttlMs,
    rule: ruleOf({
      name: 'all',
      scope: 'global',
      mode,
      limit,
      windowMs,
      burst: mode === 'strict' ? limit : burst,
      cells: mode === 'strict' && limit > 32 ? 32 : 0,
    }),
  }));

const calls = fc.record({
  do: fc.constant('call' as const),
  member: fc.nat(size - 1),
  gapMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 150 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 9_000 }) },
  ),
  costs: fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 8 }),
  byUser: fc.constantFrom(false, false, true),
  waits: fc.boolean(),
});
const refunds = fc.record({ do: fc.constant('refund' as const), back: fc.nat(20) });
const surcharges = fc.record({ do: fc.constant('surcharge' as const), back: fc.nat(20) });
const kills = fc.record({ do: fc.constant('kill' as const), member: fc.nat(size - 2) });
type Step = Made<typeof calls> | Made<typeof refunds> | Made<typeof surcharges> | Made<typeof kills>;
type Made<From> = From extends fc.Arbitrary<infer One> ? One : never;

const traceOf = (...steps: fc.Arbitrary<Step>[]): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.oneof({ weight: 30, arbitrary: calls }, ...steps), {
    minLength: 40,
    maxLength: 120,
    size: 'max',
  });

describeWithRedis('leases of what all share', (redis) => {
  let client: Redis;
  let run = 0;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  async function play(
    rule: LimitRule,
    ttlMs: number,
    trace: readonly Step[],
    inspect: (fleet: Fleet, clock: ManualClock) => Promise<void>,
  ): Promise<void> {
    const own = ruleOf({ name: 'user', limit: 100, windowMs: rule.windowMs, index: 1 });
    const shared = [{ scope: 'global', rules: [rule] }];
    const both = [...shared, { scope: 'user', rules: [own] }];
    const clock = new ManualClock();
    const prefix = `run ${(run += 1)}`;
    const fleet = new Fleet({ client, clock, rules: [rule, own], size, ttlMs, prefix, instances: size });
    const made: Call[] = [];
    for (const step of trace) {
      if (step.do === 'kill') (fleet.members[step.member] as { lives: boolean }).lives = false;
      if (step.do === 'refund') await refund(made.splice(-1 - step.back, 1)[0]);
      if (step.do === 'surcharge') await surcharge(made.splice(-1 - step.back, 1)[0]);
      if (step.do !== 'call') continue;
      // An answer takes less than half of a window.
      if (step.waits || step.gapMs > 1_000) await fleet.answered();
      clock.advanceSync(step.gapMs);
      made.push(...(await fleet.call(step.member, step.byUser ? both : shared, step.costs)));
    }
    await inspect(fleet, clock);
  }

  async function refund(call: Call | undefined): Promise<void> {
    if (call === undefined) return;
    const { ledger, groups, subjects, chargedAt, admission } = call;
    await ledger.adjust(groups, subjects, -admission.cost, chargedAt);
    admission.cost = 0;
  }

  async function surcharge(call: Call | undefined): Promise<void> {
    if (call === undefined) return;
    const { ledger, groups, subjects, chargedAt, admission } = call;
    await ledger.adjust(groups, subjects, 1, chargedAt);
    admission.cost += 1;
  }

  /** What the server counts, by one who holds nothing. */
  async function counted(rule: LimitRule, clock: ManualClock): Promise<number> {
    const [peek] = new Fleet({ client, clock, rules: [rule], size: 1, ttlMs: 1, prefix: `run ${run}` })
      .members;
    const verdict = await peek?.ledger.decide([{ scope: 'global', rules: [rule] }], [''], 0, 1);
    return rule.burst - (verdict?.readings[1] ?? NaN);
  }

  /** A smooth limit pays off what is held as well, and admits that much more. */
  const boundOf = ({ mode, limit, burst }: LimitRule): number =>
    mode === 'strict' ? limit : burst + limit + heldOf(burst);
  /** The most that all hold together. */
  const heldOf = (limit: number): number => size * Math.floor(limit / (2 * size));

  it('invariant 10: pass no limit in any window', async () => {
    let [leased, all] = [0, 0];

    await fc.assert(
      fc.asyncProperty(plans, traceOf(), ({ rule, ttlMs }, trace) =>
        play(rule, ttlMs, trace, async (fleet) => {
          expect(fleet.worst(rule.windowMs)).toBeLessThanOrEqual(boundOf(rule));
          leased += fleet.leased;
          all += fleet.admissions.length;
        }),
      ),
      { numRuns: 80 },
    );
    expect(leased).toBeGreaterThan(all / 10);
  });

  it('invariant 10: pass a limit by what is held at most, though processes are killed and calls given back', async () => {
    await fc.assert(
      fc.asyncProperty(plans, traceOf(refunds, kills), ({ rule, ttlMs }, trace) =>
        play(rule, ttlMs, trace, async (fleet) => {
          expect(fleet.worst(rule.windowMs)).toBeLessThanOrEqual(boundOf(rule) + heldOf(rule.burst));
        }),
      ),
      { numRuns: 80 },
    );
  });

  it('hold a share each of half of what is left, of as many as hold some', async () => {
    const rule = ruleOf({ name: 'all', scope: 'global', limit: 1_000, windowMs: 60_000 });
    const clock = new ManualClock();
    const prefix = `run ${(run += 1)}`;
    const fleet = new Fleet({ client, clock, rules: [rule], size, ttlMs: 2_000, prefix });
    const held = async (): Promise<number> => (await counted(rule, clock)) - fleet.since(-1);

    await fleet.call(0, [{ scope: 'global', rules: [rule] }], [600]);
    await fleet.answered();
    expect(await held()).toBe(400 / 2);
    await fleet.call(1, [{ scope: 'global', rules: [rule] }], [120]);
    await fleet.answered();
    expect(await held()).toBe(200 + 80 / 4);
  });

  it.each([
    ['as much as', 'are decided', traceOf()],
    ['no less than', 'are decided and corrected', traceOf(refunds, surcharges)],
  ] as const)(
    'invariant 10: leave a limit that counts %s what was admitted, after calls %s',
    async (much, _, traces) => {
      await fc.assert(
        fc.asyncProperty(plans, traces, ({ rule, ttlMs }, trace) =>
          play(lasting(rule), ttlMs, trace, async (fleet, clock) => {
            await fleet[Symbol.asyncDispose]();

            const admitted = Math.min(rule.limit, fleet.since(-1));
            const counts = await counted(lasting(rule), clock);
            expect(much === 'as much as' ? counts : Math.min(counts, admitted)).toBe(admitted);
          }),
        ),
        { numRuns: 80 },
      );
    },
  );
});

/** Under which nothing is over before the end of a trace. */
function lasting(rule: LimitRule): LimitRule {
  return {
    ...rule,
    mode: 'strict',
    burst: rule.limit,
    cells: rule.limit > 32 ? 32 : 0,
    windowMs: 10_000_000,
  };
}
