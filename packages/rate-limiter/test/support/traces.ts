import type { LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import type { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import type { NaiveLimit } from '../model/naive-limiter.ts';

export interface Call {
  readonly gapMs: number;
  readonly subject: Readonly<Record<string, string | undefined>>;
  readonly tags: readonly string[];
  readonly cost: number;
}

/** A limiter of any configuration. */
export type AnyLimiter = RateLimiter;

/** Limits of every kind; some are over 32 and so are counted in cells. */
export const limitSets: fc.Arbitrary<LimitsOptions> = fc
  .record({
    user: fc.record({
      limit: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 33, max: 40 })),
      windowMs: windows(),
    }),
    expensive: fc.record({ limit: fc.integer({ min: 0, max: 3 }), windowMs: windows() }),
    ip: fc.record({ limit: fc.integer({ min: 1, max: 5 }), windowMs: windows() }),
    global: fc.record({ limit: fc.integer({ min: 3, max: 36 }), windowMs: windows() }),
  })
  .map(({ user, expensive, ip, global }) => ({
    user: { ...user, by: 'user' },
    expensive: { ...expensive, by: 'user', tag: 'expensive' },
    ip: { ...ip, by: 'ip' },
    global: { ...global, by: 'global' },
  }));

function windows(): fc.Arbitrary<number> {
  return fc.integer({ min: 5, max: 200 });
}

const users = fc.constantFrom('alice', 'bob');
const ips = fc.constantFrom('192.0.2.1', '2001:db8::1');

const subjects = fc.oneof(
  fc.record({ user: users }),
  fc.record({ ip: ips }),
  fc.record({ user: users, ip: ips }),
);

export const calls: fc.Arbitrary<Call[]> = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 120 })),
    subject: subjects,
    tags: fc.constantFrom<readonly string[]>([], ['expensive']),
    cost: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 9 })),
  }),
  { maxLength: 30 },
);

export function naiveLimits(limits: LimitsOptions): NaiveLimit[] {
  return Object.entries(limits).map(([name, { limit, windowMs, by = 'subject', tag }]) => ({
    name,
    limit,
    windowMs,
    by,
    tag,
  }));
}

export interface Step {
  readonly call: Call;
  readonly at: number;
  readonly decision: Awaited<ReturnType<AnyLimiter['check']>>;
}

export async function play(limiter: AnyLimiter, clock: ManualClock, trace: readonly Call[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const call of trace) {
    clock.advanceSync(call.gapMs);
    const { subject, tags, cost } = call;
    steps.push({ call, at: clock.now(), decision: await limiter.check(subject, { tags, cost }) });
  }
  return steps;
}
