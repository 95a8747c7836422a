import type { ToldDecision, ToldState } from '@holdfast/rate-limiter/http';

/** A limit of a user per minute of which nothing refused yet. */
export const state = (limit: number, remaining: number, more: Partial<ToldState> = {}): ToldState => ({
  limit,
  windowMs: 60_000,
  burst: limit,
  by: 'user',
  remaining,
  retryAfterMs: 0,
  shadow: false,
  countsAttempts: false,
  ...more,
});

export const decision = (
  limits: Record<string, ToldState>,
  more: Partial<ToldDecision> = {},
): ToldDecision => ({
  allowed: true,
  source: 'memory',
  violated: [],
  limits: limits as ToldDecision['limits'],
  retryAfterMs: 0,
  impossible: false,
  blocked: false,
  storeFailed: false,
  ...more,
});

/** What a decision has more when one limit refused. */
export const refused = (violated: string, retryAfterMs: number): Partial<ToldDecision> => ({
  allowed: false,
  violated: [violated],
  retryAfterMs,
});
