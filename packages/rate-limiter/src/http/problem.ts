import { globalScope } from '../store.ts';
import type { ToldDecision } from './told-decision.ts';

/** Problem details of RFC 9457 for a refused call. */
export interface RateLimitProblem {
  readonly type: string;
  readonly title: string;
  readonly status: 429 | 503;
  readonly 'violated-policies': readonly string[];
}

const problems = {
  'quota-exceeded': { title: 'Quota exceeded', status: 429 },
  'temporary-reduced-capacity': { title: 'Temporarily reduced capacity', status: 503 },
  'abnormal-usage-detected': { title: 'Abnormal request pattern', status: 429 },
} as const;

/**
 * The problem details for a refused call; `undefined` if it was allowed.
 *
 * - 503 `temporary-reduced-capacity`, if only limits that everybody shares refused, or the store could not be asked: the
 *   client did nothing wrong.
 * - 429 `abnormal-usage-detected`, if the subject is blocked or a limit refused that counts attempts.
 * - 429 `quota-exceeded` else.
 *
 * @see RFC 9457; the problem types are those of draft-ietf-httpapi-ratelimit-headers-11
 */
export function rateLimitProblem(decision: ToldDecision): RateLimitProblem | undefined {
  if (decision.allowed) return undefined;
  const type = problemOf(decision);
  const { title, status } = problems[type];
  return {
    type: `https://iana.org/assignments/http-problem-types#${type}`,
    title,
    status,
    'violated-policies': decision.violated,
  };
}

function problemOf({ blocked, storeFailed, violated, limits }: ToldDecision): keyof typeof problems {
  if (storeFailed) return 'temporary-reduced-capacity';
  if (blocked) return 'abnormal-usage-detected';
  if (violated.every((name) => limits[name]?.by === globalScope)) return 'temporary-reduced-capacity';
  if (violated.some((name) => limits[name]?.countsAttempts)) return 'abnormal-usage-detected';
  return 'quota-exceeded';
}
