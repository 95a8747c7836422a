/**
 * What a server tells its clients about limits, and how a client reads it.
 *
 * @module
 */
import type { Decision, LimitState } from './decision.ts';
import { globalScope } from './store.ts';
import { writeItem } from './structured-fields.ts';

export {
  type HeaderSource,
  parseRateLimit,
  type RateLimitInfo,
  type RateLimitPolicy,
  type RateLimitQuota,
} from './parse-rate-limit.ts';

export interface RateLimitHeaderOptions {
  /**
   * `'own'` leaves out the limits that everybody shares, because they tell the capacity of the service. `'all'` adds
   * their policies. Defaults to `'own'`.
   */
  readonly disclose?: 'own' | 'all' | undefined;

  /**
   * Spreads the clients that come back: adds up to a quarter to `Retry-After`, at most 5 s, chosen by a hash of this
   * text, the same each time. The subject of the call fits. Defaults to no spread.
   */
  readonly spreadBy?: string | undefined;
}

/** Problem details of RFC 9457 for a refused call. */
export interface RateLimitProblem {
  readonly type: string;
  readonly title: string;
  readonly status: 429 | 503;
  readonly 'violated-policies': readonly string[];
}

type NamedLimit = readonly [name: string, state: LimitState];

/**
 * The header fields for a decision: `RateLimit-Policy` with the limits that apply, `RateLimit` with where they stand,
 * and `Retry-After` if the call was refused. After a refusal `RateLimit` tells only of the limits that refused.
 *
 * - A client that spends `r` units over `t` seconds never goes faster than its policy allows.
 * - `Retry-After` is a whole number of at least 1, never earlier than a `t`, and absent where no wait would help.
 * - A local decision tells no `RateLimit`: its numbers are not those of the whole service.
 *
 * @see draft-ietf-httpapi-ratelimit-headers-11 (2026), RFC 9651, RFC 9110 section 10.2.3
 */
export function rateLimitHeaders(
  decision: Decision,
  options: RateLimitHeaderOptions = {},
): Record<string, string> {
  const { allowed, violated, source, impossible } = decision;
  const applied = Object.entries(decision.limits) as unknown as readonly NamedLimit[];
  const own = applied.filter(([, { by }]) => by !== globalScope);
  const policies = options.disclose === 'all' ? applied : own;
  const told = source === 'local' ? [] : own.filter(([name]) => allowed || violated.includes(name));

  const headers: Record<string, string> = {};
  if (policies.length > 0) headers['RateLimit-Policy'] = policies.map(policyItem).join(', ');
  if (told.length > 0) headers['RateLimit'] = told.map(quotaItem).join(', ');
  if (!allowed && !impossible) headers['Retry-After'] = String(retryAfter(decision, told, options.spreadBy));
  return headers;
}

/**
 * The problem details for a refused call; `undefined` if it was allowed. Only limits that everybody shares refused it:
 * 503, for the client did nothing wrong. Else 429.
 *
 * @see RFC 9457; the problem types are those of draft-ietf-httpapi-ratelimit-headers-11
 */
export function rateLimitProblem(decision: Decision): RateLimitProblem | undefined {
  const { allowed, violated, limits } = decision;
  if (allowed) return undefined;
  const shared = violated.every((name) => limits[name]?.by === globalScope);
  const type = shared ? 'temporary-reduced-capacity' : 'quota-exceeded';
  return {
    type: `https://iana.org/assignments/http-problem-types#${type}`,
    title: shared ? 'Temporarily reduced capacity' : 'Quota exceeded',
    status: shared ? 503 : 429,
    'violated-policies': violated,
  };
}

function policyItem([name, state]: NamedLimit): string {
  return writeItem(name, [
    ['q', state.limit],
    ['w', windowSeconds(state)],
  ]);
}

function quotaItem([name, state]: NamedLimit): string {
  const spanSeconds = spanOf(state);
  return writeItem(name, [
    ['r', state.remaining],
    ...(spanSeconds === Infinity ? [] : ([['t', spanSeconds]] as const)),
  ]);
}

/** Over how many seconds the rest should be spread; with none left, the wait for the next. */
function spanOf(state: LimitState): number {
  const { limit, remaining, retryAfterMs } = state;
  if (remaining === 0) return Math.ceil(retryAfterMs / 1_000);
  return Math.ceil((remaining * windowSeconds(state)) / limit);
}

/** Whole seconds are all that the field can tell; rounding up promises no more than the limit. */
function windowSeconds({ windowMs }: LimitState): number {
  return Math.ceil(windowMs / 1_000);
}

function retryAfter(decision: Decision, told: readonly NamedLimit[], spreadBy: string | undefined): number {
  const spans = told.map(([, state]) => spanOf(state)).filter((span) => span !== Infinity);
  const seconds = Math.max(1, Math.ceil(decision.retryAfterMs / 1_000), ...spans);
  if (spreadBy === undefined) return seconds;
  return Math.ceil(seconds + Math.min(seconds / 4, 5) * fractionOf(spreadBy));
}

/** A stable fraction from 0 to 1: FNV-1a, mixed by the finaliser of MurmurHash3 so that all bits count. */
function fractionOf(value: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let i = 0; i < value.length; i += 1) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01_00_01_93);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
