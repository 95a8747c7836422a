import { type Clock, systemClock } from '@holdfast/core';
import { fieldOf, type HeaderSource } from './header-source.ts';
import { parseNamelessQuota } from './nameless-quota.ts';
import { type Item, parseItems } from './structured-fields.ts';
import { toldInstant } from './told-instant.ts';

/** A policy that a server told in `RateLimit-Policy`. */
export interface RateLimitPolicy {
  /** Empty where the server's family of fields has no names. */
  readonly name: string;
  /** Units per window. */
  readonly quota: number;
  readonly windowMs: number | undefined;
  /** Defaults to `'requests'`. */
  readonly unit: string;
  readonly partitionKey: Uint8Array | undefined;
}

/** What is left of a policy, as a server told in `RateLimit` or its older kin. */
export interface RateLimitQuota {
  /** Empty where the server's family of fields has no names. */
  readonly name: string;
  /** Units that are left. */
  readonly remaining: number;
  /** The time over which they should be spread; with none left, the wait for the next. */
  readonly resetMs: number | undefined;
  readonly partitionKey: Uint8Array | undefined;
}

export interface RateLimitInfo {
  readonly policies: readonly RateLimitPolicy[];
  readonly limits: readonly RateLimitQuota[];
  /** From `Retry-After`, in seconds or as a date; it outweighs the fields above. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Reads what a server says about its limits: `Retry-After` and the fields of draft-ietf-httpapi-ratelimit-headers-06 to
 * -11, or else `X-RateLimit-*`. A malformed field counts as absent, a member without its required parameter is left out.
 *
 * @param options - `clock` turns an instant into a wait; the system clock by default.
 */
export function parseRateLimit(
  headers: HeaderSource,
  options?: { readonly clock?: Clock | undefined },
): RateLimitInfo {
  const epochMs = (options?.clock ?? systemClock).epoch();
  const policies = membersOf(headers, 'RateLimit-Policy').flatMap((item) => policyOf(item));
  const limits = membersOf(headers, 'RateLimit').flatMap((item) => quotaOf(item));
  const nameless = limits.length === 0 ? parseNamelessQuota(headers, epochMs) : undefined;
  return {
    policies:
      policies.length === 0 && nameless?.quota !== undefined ? [policy('', nameless.quota)] : policies,
    limits: nameless === undefined ? limits : [quota('', nameless.remaining, nameless.resetMs)],
    retryAfterMs: retryAfterOf(fieldOf(headers, 'Retry-After'), epochMs),
  };
}

function membersOf(headers: HeaderSource, name: string): readonly Item[] {
  const field = fieldOf(headers, name);
  return field === undefined ? [] : (parseItems(field) ?? []);
}

/** A name with a quota, or of drafts -06 and -07 the quota itself. */
function policyOf({ value, parameters }: Item): RateLimitPolicy[] {
  const units = countOf(typeof value === 'number' ? value : parameters.get('q'));
  if ((typeof value !== 'string' && typeof value !== 'number') || units === undefined) return [];
  const unit = parameters.get('qu');
  return [
    policy(typeof value === 'string' ? value : '', units, {
      windowMs: secondsOf(parameters.get('w')),
      unit: typeof unit === 'string' ? unit : 'requests',
      partitionKey: bytesOf(parameters.get('pk')),
    }),
  ];
}

function quotaOf({ value, parameters }: Item): RateLimitQuota[] {
  const remaining = countOf(parameters.get('r'));
  if (typeof value !== 'string' || remaining === undefined) return [];
  return [quota(value, remaining, secondsOf(parameters.get('t')), bytesOf(parameters.get('pk')))];
}

function policy(
  name: string,
  units: number,
  { windowMs, unit = 'requests', partitionKey }: Partial<RateLimitPolicy> = {},
): RateLimitPolicy {
  return { name, quota: units, windowMs, unit, partitionKey };
}

function quota(
  name: string,
  remaining: number,
  resetMs: number | undefined,
  partitionKey?: Uint8Array,
): RateLimitQuota {
  return { name, remaining, resetMs, partitionKey };
}

function countOf(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function secondsOf(value: unknown): number | undefined {
  const count = countOf(value);
  return count === undefined ? undefined : count * 1_000;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function retryAfterOf(field: string | undefined, epochMs: number): number | undefined {
  if (field === undefined) return undefined;
  if (/^\d{1,15}$/.test(field.trim())) return Number(field) * 1_000;
  const at = toldInstant(field);
  return at === undefined ? undefined : Math.max(0, at - epochMs);
}
