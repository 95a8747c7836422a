import { duration, InvalidOptionError, oneOf } from '@holdfast/core';

/** What `Cache-Control` of a response is to say. */
export interface CacheControlOptions {
  /** How long the response is fresh, in milliseconds. */
  readonly maxAgeMs?: number | undefined;
  /** As `maxAgeMs`, for caches that several users share. */
  readonly sharedMaxAgeMs?: number | undefined;
  /** How long after that it may be used while a new one is fetched, in milliseconds. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** How long after that it may be used if fetching a new one fails, in milliseconds. */
  readonly staleIfErrorMs?: number | undefined;
  /** `'private'`: for one user only. `'public'`: for anybody, even if the request had credentials. Defaults to neither. */
  readonly visibility?: 'public' | 'private' | undefined;
  /** The content never changes while it is fresh. */
  readonly immutable?: boolean | undefined;
  /** Never used again without asking whether it is current. */
  readonly noCache?: boolean | undefined;
  /** Never used stale, whatever else would permit it. */
  readonly mustRevalidate?: boolean | undefined;
  /** Not to be recoded by proxies. */
  readonly noTransform?: boolean | undefined;
  /** Not to be kept by anybody. Nothing else may be said then. */
  readonly noStore?: boolean | undefined;
}

/** The greatest number of seconds that every cache understands. */
const longestSeconds = 2 ** 31 - 1;

/**
 * The text of a `Cache-Control` field for a response, in whole seconds, rounded down: a cache keeps it no longer than
 * was meant.
 *
 * @throws {InvalidOptionError} for a duration that is none, for what contradicts itself, and if nothing is said.
 * @see RFC 9111 section 5.2.2, RFC 8246, RFC 5861
 */
export function cacheControl(options: CacheControlOptions): string {
  const { visibility, sharedMaxAgeMs, noStore } = options;
  if (visibility !== undefined) oneOf('visibility', visibility, ['public', 'private']);
  if (visibility === 'private' && sharedMaxAgeMs !== undefined)
    throw new InvalidOptionError('sharedMaxAgeMs', "left out where visibility is 'private'", sharedMaxAgeMs);
  const directives = [
    ...(visibility === undefined ? [] : [visibility]),
    ...seconds('max-age', 'maxAgeMs', options),
    ...seconds('s-maxage', 'sharedMaxAgeMs', options),
    ...seconds('stale-while-revalidate', 'staleWhileRevalidateMs', options),
    ...seconds('stale-if-error', 'staleIfErrorMs', options),
    ...(options.immutable === true ? ['immutable'] : []),
    ...(options.noCache === true ? ['no-cache'] : []),
    ...(options.mustRevalidate === true ? ['must-revalidate'] : []),
    ...(options.noTransform === true ? ['no-transform'] : []),
  ];
  if (noStore === true && directives.length > 0)
    throw new InvalidOptionError('noStore', 'the only directive', `no-store, ${directives.join(', ')}`);
  if (noStore === true) return 'no-store';
  if (directives.length === 0) throw new InvalidOptionError('cacheControl', 'told a directive', options);
  return directives.join(', ');
}

type DurationOption = keyof CacheControlOptions & `${string}Ms`;

function seconds(directive: string, option: DurationOption, options: CacheControlOptions): readonly string[] {
  const ms = options[option];
  if (ms === undefined) return [];
  return [`${directive}=${Math.min(longestSeconds, Math.floor(duration(option, ms) / 1_000))}`];
}
