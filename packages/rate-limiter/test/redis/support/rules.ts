import type { LimitRule } from '@holdfast/rate-limiter';

/** A rule of at most 10 in a second per user, but for what is said. */
export function ruleOf(changes: Partial<LimitRule> = {}): LimitRule {
  const { limit = 10 } = changes;
  return {
    name: 'user',
    scope: 'user',
    tag: undefined,
    mode: 'strict',
    windowMs: 1_000,
    burst: limit,
    cells: limit > 32 ? 32 : 0,
    countsAttempts: false,
    shadow: false,
    minFactor: 1,
    onStoreError: 'local',
    index: 0,
    ...changes,
    limit,
  };
}
