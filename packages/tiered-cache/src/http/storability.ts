import { type HandlerResponse, namesIn } from './handler-response.ts';
import { parseHttpDate } from './http-date.ts';
import type { ResolvedResponseOptions } from './options.ts';
import { type CacheDirectives, parseCacheControl } from './parse-cache-control.ts';
import type { Subject } from './subject.ts';

/** How long a response may be used, in milliseconds. */
export interface Lives {
  /** From when it was made. */
  readonly lifeMs: number;
  /** How old it was when it came. */
  readonly ageMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** The handler calls it `public`. */
  readonly public: boolean;
}

/** Fields that a response may vary by; one that names more is not stored. */
const maxVaryFields = 16;

/** What is stored without a life of its own. Everything else says for how long, or is not stored. */
const storedByDefault: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308]);

/** Parts of a response, and answers about another one. */
const neverStored: ReadonlySet<number> = new Set([206, 304]);

/** Failures for which a stale response may stand in. @see RFC 5861 section 4 */
const failures: ReadonlySet<number> = new Set([500, 502, 503, 504]);

const greatestAgeSeconds = 2 ** 31;

export function isFailure(status: number): boolean {
  return failures.has(status);
}

/**
 * Whether a response may be stored for its subject, and how long it lives; `undefined` if it may not.
 *
 * Never: `no-store`, `no-cache`, `Set-Cookie`, `Vary: *`, what is incomplete, `private` where others would get it, and
 * what came for credentials of nobody knows whom, unless it is `public`.
 *
 * Its own life wins over the option `ttlMs`; `s-maxage` counts where others get it. `must-revalidate`,
 * `proxy-revalidate` and `s-maxage` allow no stale use; `stale-while-revalidate` and `stale-if-error` shorten the
 * options of that name.
 *
 * @see RFC 9111 sections 3, 3.5, 4.2.1 and 5.2.2, RFC 5861
 */
export function livesOf<R>(
  response: HandlerResponse,
  subject: Subject,
  options: ResolvedResponseOptions<R>,
  now: number,
): Lives | undefined {
  const directives = parseCacheControl(response.header('cache-control'));
  if (!mayBeStored(response, directives, subject)) return undefined;
  const ageMs = ageOf(response, now);
  const ownMs = ownLifeMs(response, directives, subject, now);
  if (ownMs === undefined && !storedByDefault.has(response.status)) return undefined;
  const lifeMs = ownMs ?? options.terms.ttlMs;
  if (lifeMs <= ageMs) return undefined;
  const { staleWhileRevalidateMs, staleIfErrorMs } = options.terms;
  const strict = directives.mustRevalidate || (subject.shared && forbidsStaleSharing(directives));
  return {
    lifeMs,
    ageMs,
    staleWhileRevalidateMs: strict ? 0 : lesser(staleWhileRevalidateMs, directives.staleWhileRevalidateMs),
    staleIfErrorMs: strict ? 0 : lesser(staleIfErrorMs, directives.staleIfErrorMs),
    public: directives.public,
  };
}

/** The request headers that a response varies by, in lower case and in order; `undefined` for `*` and too many. */
export function varyFields(response: HandlerResponse): readonly string[] | undefined {
  const fields = [...new Set(namesIn(response.header('vary')))].toSorted();
  return fields.includes('*') || fields.length > maxVaryFields ? undefined : fields;
}

function mayBeStored(
  response: HandlerResponse,
  directives: CacheDirectives,
  { shared, unidentified }: Subject,
): boolean {
  if (neverStored.has(response.status)) return false;
  if (directives.noStore || directives.noCache) return false;
  if (shared && directives.private) return false;
  if (unidentified && !directives.public) return false;
  if (response.header('set-cookie') !== undefined) return false;
  return isComplete(response) && varyFields(response) !== undefined;
}

/** A handler that was interrupted has sent less than it had announced. */
function isComplete(response: HandlerResponse): boolean {
  const announced = response.header('content-length');
  return announced === undefined || Number(announced) === Buffer.byteLength(response.body);
}

function ownLifeMs(
  response: HandlerResponse,
  { sharedMaxAgeMs, maxAgeMs }: CacheDirectives,
  { shared }: Subject,
  now: number,
): number | undefined {
  const told = (shared ? sharedMaxAgeMs : undefined) ?? maxAgeMs;
  if (told !== undefined) return told;
  const expires = response.header('expires');
  if (expires === undefined) return undefined;
  // What is no date is in the past.
  return Math.max(0, (parseHttpDate(expires) ?? 0) - (madeAt(response) ?? now));
}

/** The greater of what the response says and what its date shows. */
function ageOf(response: HandlerResponse, now: number): number {
  return Math.max(0, toldAgeMs(response), now - (madeAt(response) ?? now));
}

/** Of several ages the first counts, and of one too great to be counted the greatest. @see RFC 9111 sections 1.2.2 and 5.1 */
function toldAgeMs(response: HandlerResponse): number {
  const digits = /^(\d+)[ \t]*(?:,|$)/.exec(response.header('age') ?? '')?.[1] ?? '0';
  return Math.min(greatestAgeSeconds, Number(digits)) * 1_000;
}

function madeAt(response: HandlerResponse): number | undefined {
  return parseHttpDate(response.header('date') ?? '');
}

function forbidsStaleSharing({ proxyRevalidate, sharedMaxAgeMs }: CacheDirectives): boolean {
  return proxyRevalidate || sharedMaxAgeMs !== undefined;
}

function lesser(optionMs: number, toldMs: number | undefined): number {
  return Math.min(optionMs, toldMs ?? Infinity);
}
