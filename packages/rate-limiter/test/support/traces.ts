import type { ManualClock } from '@holdfast/core/testing';
import type { Decision, LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import {
  NaiveLimiter,
  type NaiveCall,
  type NaiveDecision,
  type NaiveReceipt,
} from '../model/naive-limiter.ts';
import { naiveLimits } from './limit-sets.ts';

export { limitSets, limitSetsWithTraits, naiveLimits } from './limit-sets.ts';

/** A limiter of any configuration. */
export type AnyLimiter = RateLimiter;

/** What the `factor` option of a limiter reads; a trace turns it. */
export interface Dial {
  factor: number;
}

export interface Call extends NaiveCall {
  readonly gapMs: number;
}

/** What is done after a call, if anything. `refund` and `settle` correct that call or an earlier one. */
export type Action =
  | { readonly type: 'none' }
  | { readonly type: 'refund'; readonly back: number; readonly cost: number }
  | { readonly type: 'settle'; readonly back: number; readonly cost: number }
  | { readonly type: 'penalize'; readonly cost: number }
  | { readonly type: 'block'; readonly forMs: number }
  | { readonly type: 'unblock' }
  | { readonly type: 'reset' };

export type Act = Call & { readonly action: Action };

const users = fc.constantFrom('alice', 'bob');
const ips = fc.constantFrom('192.0.2.1', '2001:db8::1');
const gaps = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 120 }));
const costs = fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 9 }));

const subjects: fc.Arbitrary<{ user?: string; ip?: string }> = fc.oneof(
  fc.record({ user: users }),
  fc.record({ ip: ips }),
  fc.record({ user: users, ip: ips }),
);

export const call: fc.Arbitrary<Call> = fc.record({
  gapMs: gaps,
  subject: subjects,
  tags: fc.constantFrom<readonly string[]>([], ['expensive']),
  cost: costs,
  factor: fc.constant(1),
});

/** Calls at full limits. */
export const calls: fc.Arbitrary<Call[]> = fc.array(call, { maxLength: 30 });

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'none' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('refund' as const), back: fc.nat(4), cost: fc.nat(9) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('settle' as const), back: fc.nat(4), cost: fc.nat(12) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('penalize' as const), cost: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('block' as const), forMs: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'unblock' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reset' as const }) },
);

/** Everything that can be done to a limiter, at changing factors. */
export const acts: fc.Arbitrary<Act[]> = fc.array(
  fc
    .tuple(call, fc.constantFrom(1, 1, 0.7, 0.25), actions)
    .map(([{ gapMs, subject, tags, cost }, factor, action]) => ({
      gapMs,
      subject,
      tags,
      cost,
      factor,
      action,
    })),
  { maxLength: 25 },
);

/** All that a decision says but where it was made, as plain facts that two limiters can be compared by. */
export function told(decision: Decision): NaiveDecision {
  const { allowed, blocked, violated, retryAfterMs } = decision;
  const limits = Object.entries(decision.limits).map(([name, state]) => {
    const { remaining, retryAfterMs: waitMs, resetMs, exceeded } = state as NonNullable<typeof state>;
    return [name, { remaining, retryAfterMs: waitMs, resetMs, exceeded }] as const;
  });
  return {
    allowed,
    blocked,
    violated: violated.toSorted(),
    retryAfterMs,
    limits: Object.fromEntries(limits),
  };
}

export interface Step {
  readonly call: Call;
  readonly at: number;
  readonly decision: Decision;
}

export async function play(limiter: AnyLimiter, clock: ManualClock, trace: readonly Call[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const each of trace) {
    clock.advanceSync(each.gapMs);
    const { subject, tags, cost } = each;
    steps.push({ call: each, at: clock.now(), decision: await limiter.check(subject, { tags, cost }) });
  }
  return steps;
}

/** Plays everything that happens in a trace. The limiter's `factor` has to read the dial. */
export async function playActs(
  limiter: AnyLimiter,
  clock: ManualClock,
  dial: Dial,
  trace: readonly Act[],
): Promise<NaiveDecision[]> {
  const decisions: Decision[] = [];
  const facts: NaiveDecision[] = [];
  for (const { gapMs, subject, tags, cost, factor, action } of trace) {
    clock.advanceSync(gapMs);
    dial.factor = factor;
    const decision = await limiter.check(subject, { tags, cost });
    decisions.unshift(decision);
    facts.push(told(decision));
    if (action.type === 'refund') await decisions[action.back]?.refund(action.cost);
    else if (action.type === 'settle') await decisions[action.back]?.settle(action.cost);
    else if (action.type === 'penalize') await limiter.penalize(subject, action.cost);
    else if (action.type === 'block') await limiter.block(subject, action.forMs);
    else if (action.type === 'unblock') await limiter.unblock(subject);
    else if (action.type === 'reset') {
      await limiter.reset(subject);
      // What was forgotten is not corrected any more.
      decisions.length = 0;
    }
  }
  return facts;
}

/** The same by the model. `startAt` is the clock's time before the trace. */
export function playNaively(limits: LimitsOptions, trace: readonly Act[], startAt: number): NaiveDecision[] {
  const naive = new NaiveLimiter(naiveLimits(limits));
  const receipts: (NaiveReceipt | undefined)[] = [];
  const facts: NaiveDecision[] = [];
  let now = startAt;
  for (const { gapMs, action, ...each } of trace) {
    now += gapMs;
    const { receipt, ...decision } = naive.check(now, each);
    receipts.unshift(receipt);
    facts.push({ ...decision, violated: decision.violated.toSorted() });
    if (action.type === 'refund' || action.type === 'settle') correct(action);
    else if (action.type === 'penalize') naive.penalize(now, each.subject, action.cost);
    else if (action.type === 'block') naive.block(now, each.subject, action.forMs);
    else if (action.type === 'unblock') naive.block(now, each.subject, 0);
    else if (action.type === 'reset') {
      naive.reset(each.subject);
      receipts.length = 0;
    }
  }
  return facts;

  function correct({ type, back, cost }: Action & { readonly type: 'refund' | 'settle' }): void {
    const receipt = receipts[back];
    if (receipt === undefined) return;
    // A call is corrected once.
    receipts[back] = undefined;
    naive.correct(now, receipt, type === 'settle' ? cost : receipt.cost - Math.min(cost, receipt.cost));
  }
}
