import { type Clock, InvalidOptionError, methods, oneOf, systemClock } from '@holdfast/core';
import { checkSecret } from '../identity/hash-subject.ts';
import { type HeaderFormat, headerFormats } from './header-formats.ts';

/** How a server tells its clients about limits. */
export interface RateLimitHeaderOptions {
  /**
   * Which family of fields. `'draft-11'` stands for draft-ietf-httpapi-ratelimit-headers-08 to -11, whose fields are the
   * same; the others tell of one limit only. Of `X-RateLimit-Reset` some clients expect seconds and others an instant,
   * so the name says which. Defaults to `'draft-11'`.
   */
  readonly format?: HeaderFormat | undefined;

  /** `'near-limit'` sends fields with an allowed call only when less than a fifth of a limit is left. Defaults to `'always'`. */
  readonly send?: 'always' | 'near-limit' | undefined;

  /**
   * Which limits an allowed call is told the rest of: the scarcest and those that are used up, or all that apply.
   * Defaults to `'binding'`.
   */
  readonly quotas?: 'binding' | 'all' | undefined;

  /**
   * The limits that everybody shares tell the capacity of the service. Their policies are told only to calls that a
   * limit by one of these scopes applies to; name those of callers who signed in. Defaults to none.
   */
  readonly discloseTo?: readonly string[] | undefined;

  /**
   * Adds a partition key to each quota, so that a client can tell its subjects apart: nine bytes of a keyed hash of the
   * subject. At least 16 characters. Defaults to no key.
   */
  readonly partitionSecret?: string | undefined;

  /** For `X-RateLimit-Reset` as an instant, and for the spread of `Retry-After`. Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedHeaderOptions {
  readonly format: HeaderFormat;
  readonly send: 'always' | 'near-limit';
  readonly quotas: 'binding' | 'all';
  readonly discloseTo: readonly string[];
  readonly partitionSecret: string | undefined;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveHeaderOptions(options: RateLimitHeaderOptions): ResolvedHeaderOptions {
  const { partitionSecret, discloseTo = [] } = options;
  if (!Array.isArray(discloseTo))
    throw new InvalidOptionError('discloseTo', 'an array of scopes', discloseTo);
  return {
    format: oneOf(
      'format',
      options.format ?? 'draft-11',
      Object.keys(headerFormats) as readonly HeaderFormat[],
    ),
    send: oneOf('send', options.send ?? 'always', ['always', 'near-limit']),
    quotas: oneOf('quotas', options.quotas ?? 'binding', ['binding', 'all']),
    discloseTo,
    partitionSecret:
      partitionSecret === undefined ? undefined : checkSecret('partitionSecret', partitionSecret),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}
