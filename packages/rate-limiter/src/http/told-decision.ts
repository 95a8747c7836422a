import type { Decision, LimitState } from '../decision.ts';

/** What of a decision reaches the client. */
export type ToldDecision = Pick<
  Decision,
  'allowed' | 'source' | 'violated' | 'limits' | 'retryAfterMs' | 'impossible' | 'blocked' | 'storeFailed'
>;

/** What of a limit's standing reaches the client. */
export type ToldState = Pick<
  LimitState,
  'limit' | 'windowMs' | 'burst' | 'by' | 'remaining' | 'retryAfterMs' | 'shadow' | 'countsAttempts'
>;

/** Who calls, as the limiter was told. */
export type ToldSubject = string | Readonly<Record<string, string | undefined>>;

/** The subject of one scope; `undefined` if the call has none there. */
export function subjectIn(subject: ToldSubject | undefined, scope: string): string | undefined {
  return typeof subject === 'object' ? subject[scope] : subject;
}
