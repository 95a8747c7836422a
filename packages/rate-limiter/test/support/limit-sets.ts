import type { LimitOptions, LimitsOptions } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import type { NaiveLimit } from '../model/naive-limiter.ts';

const windows = fc.integer({ min: 5, max: 200 });

/** One limit of either mode. Over 32 a strict one is counted in cells. */
function limitUpTo(few: number): fc.Arbitrary<LimitOptions> {
  const limits = fc.oneof(fc.integer({ min: 1, max: few }), fc.integer({ min: 33, max: 40 }));
  const strict = fc.record({ limit: limits, windowMs: windows });
  const smooth = fc.record({
    limit: limits,
    windowMs: windows,
    mode: fc.constant('smooth' as const),
    burst: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  });
  return fc.oneof(strict, smooth);
}

/** Traits that a limit may have besides, none of which loosens its bound. */
const traits = fc.record({
  counts: fc.constantFrom('admitted' as const, 'attempts' as const),
  shadow: fc.boolean(),
  minFactor: fc.constantFrom(1, 0.2),
});

/** The layers of a service. All refuse, and count only what is admitted. */
export const limitSets: fc.Arbitrary<LimitsOptions> = fc
  .record({
    user: limitUpTo(6),
    expensive: limitUpTo(3),
    ip: limitUpTo(5),
    global: limitUpTo(9),
    off: fc.boolean(),
  })
  .map(({ user, expensive, ip, global, off }) => ({
    user: { ...user, by: 'user' },
    expensive: { ...(off ? { limit: 0, windowMs: 10 } : expensive), by: 'user', tag: 'expensive' },
    ip: { ...ip, by: 'ip' },
    global: { ...global, by: 'global' },
  }));

/** The same layers, each with any traits. */
export const limitSetsWithTraits: fc.Arbitrary<LimitsOptions> = fc
  .tuple(limitSets, fc.tuple(traits, traits, traits, traits))
  .map(([limits, each]) =>
    Object.fromEntries(Object.entries(limits).map(([name, limit], i) => [name, { ...limit, ...each[i] }])),
  );

/** The limits as the model wants them. */
export function naiveLimits(limits: LimitsOptions): NaiveLimit[] {
  return Object.entries(limits).map(([name, options]) => ({
    name,
    mode: options.mode ?? 'strict',
    limit: options.limit,
    windowMs: options.windowMs,
    burst: options.burst ?? options.limit,
    by: options.by ?? 'subject',
    tag: options.tag,
    countsAttempts: options.counts === 'attempts',
    shadow: options.shadow === true,
    minFactor: options.minFactor ?? 1,
  }));
}
