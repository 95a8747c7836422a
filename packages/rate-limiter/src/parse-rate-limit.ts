import { type Clock, systemClock } from '@holdfast/core';
import { type Item, parseItems } from './structured-fields.ts';

/** A policy that a server told in `RateLimit-Policy`. */
export interface RateLimitPolicy {
  readonly name: string;
  /** Units per window. */
  readonly quota: number;
  readonly windowMs: number | undefined;
  /** Defaults to `'requests'`. */
  readonly unit: string;
  readonly partitionKey: Uint8Array | undefined;
}

/** What is left of a policy, as a server told in `RateLimit`. */
export interface RateLimitQuota {
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

/** Headers of fetch, or of Node.js, in whatever case. */
export type HeaderSource =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | number | undefined>>;

/**
 * Reads what a server says about its limits: draft-ietf-httpapi-ratelimit-headers-08 to -11 and `Retry-After`.
 * A malformed field counts as absent, a member without its required parameter is left out.
 *
 * @param options - `clock` turns a `Retry-After` date into a wait; the system clock by default.
 */
export function parseRateLimit(
  headers: HeaderSource,
  options?: { readonly clock?: Clock | undefined },
): RateLimitInfo {
  return {
    policies: membersOf(headers, 'RateLimit-Policy').flatMap((item) => policyOf(item)),
    limits: membersOf(headers, 'RateLimit').flatMap((item) => quotaOf(item)),
    retryAfterMs: retryAfterOf(fieldOf(headers, 'Retry-After'), options?.clock ?? systemClock),
  };
}

function membersOf(headers: HeaderSource, name: string): readonly Item[] {
  return parseItems(fieldOf(headers, name) ?? '') ?? [];
}

function fieldOf(headers: HeaderSource, name: string): string | undefined {
  if (typeof headers['get'] === 'function') return (headers as Headers).get(name) ?? undefined;
  const lowerCase = name.toLowerCase();
  const lines = Object.entries(headers).filter(([key]) => key.toLowerCase() === lowerCase);
  const values = lines.flatMap(([, value]) => (value === undefined ? [] : [value].flat()));
  return values.length === 0 ? undefined : values.join(', ');
}

function policyOf({ value, parameters }: Item): RateLimitPolicy[] {
  const quota = countOf(parameters.get('q'));
  if (typeof value !== 'string' || quota === undefined) return [];
  const unit = parameters.get('qu');
  return [
    {
      name: value,
      quota,
      windowMs: secondsOf(parameters.get('w')),
      unit: typeof unit === 'string' ? unit : 'requests',
      partitionKey: bytesOf(parameters.get('pk')),
    },
  ];
}

function quotaOf({ value, parameters }: Item): RateLimitQuota[] {
  const remaining = countOf(parameters.get('r'));
  if (typeof value !== 'string' || remaining === undefined) return [];
  const partitionKey = bytesOf(parameters.get('pk'));
  return [{ name: value, remaining, resetMs: secondsOf(parameters.get('t')), partitionKey }];
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

function retryAfterOf(field: string | undefined, clock: Clock): number | undefined {
  if (field === undefined) return undefined;
  if (/^\d+$/.test(field.trim())) return Number(field) * 1_000;
  const at = Date.parse(field);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.epoch());
}
