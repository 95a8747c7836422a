import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { HandlerResponse } from './handler-response.ts';
import type { ResponseStore, ResponseTerms } from './response-store.ts';

/**
 * A function of the framework's request, and of the response. Its parameters are compared as a method's are: a cache
 * made for the whole request of a framework fits an adapter that knows only a part of it.
 */
export type RequestFunction<R, Result> = { of(request: R): Result }['of'];
export type ResponseFunction<R, Result> = { of(request: R, response: HandlerResponse): Result }['of'];

/** What may differ from route to route. `R` is the request of the framework. */
export interface RouteResponseOptions<R> {
  /**
   * Life in milliseconds of a response that tells none of its own. 0 stores only those that do. Applies to 200, 203, 204,
   * 300, 301 and 308; any other status is stored only with a life of its own.
   */
  readonly ttlMs?: number | undefined;
  /**
   * How long after its life a response may be given out while a new one is made, in milliseconds. A response may shorten
   * it. Defaults to 0.
   */
  readonly staleWhileRevalidateMs?: number | undefined;
  /**
   * How long after its life a response may be given out when the handler throws or answers 500, 502, 503 or 504, in
   * milliseconds. A response may shorten it. Defaults to 0.
   */
  readonly staleIfErrorMs?: number | undefined;
  /**
   * Names the user whose response it is; `undefined` or an empty string for what is the same for everybody. Users with
   * different names never share a response. Has to rest on what was verified, not on what the client merely claims.
   *
   * Without it, or where it gives `undefined`, a request with credentials is neither answered from what is stored nor
   * stored, unless the response says `public`.
   */
  readonly identity?: RequestFunction<R, string | undefined> | undefined;
  /**
   * Names the resource; identity and `Vary` count all the same. Defaults to scheme, host, path and query as the handler
   * sees them, the parameters of the query in the order of their names. What else a handler looks at, such as
   * `X-Forwarded-Host` where the framework does not trust it, has to be in here or in `vary`.
   */
  readonly key?: RequestFunction<R, string> | undefined;
  /** Request headers that responses always vary by, whether they say so or not; added to `Vary`. Defaults to none. */
  readonly vary?: readonly string[] | undefined;
  /** Refuses responses that could be stored by all other rules. */
  readonly cacheable?: ResponseFunction<R, boolean> | undefined;
  /** What a response can be invalidated by, with `deleteTag` of the cache. */
  readonly tagsOf?: ResponseFunction<R, readonly string[]> | undefined;
  /** Longest body that is stored, in bytes. Defaults to 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * What entity tag a response gets if it has none. `'weak'` where something in front of the cache changes the bytes, as
   * compression does. Defaults to `'strong'`.
   */
  readonly etag?: 'strong' | 'weak' | 'none' | undefined;
  /**
   * `Cache-Control` for clients where the response has none. Defaults to what the times of these options say; with
   * `'no-cache'` clients ask each time, and see an invalidation at once. `false` tells nothing.
   *
   * The default also adds `credentialHeaders` to `Vary`, so that what a browser or proxy has kept is not shown to whoever
   * logs in or out meanwhile. Words of your own add nothing.
   */
  readonly cacheControl?: string | false | undefined;
  /**
   * `'honour'`: `no-store`, `no-cache`, `max-age`, `min-fresh` and `only-if-cached` of a request count. Defaults to
   * `'ignore'`, as RFC 9111 section 5.2.1 allows: the cache protects the handler, and no client can make it work harder.
   */
  readonly clientDirectives?: 'ignore' | 'honour' | undefined;
}

export interface ResponseCacheOptions<R> extends RouteResponseOptions<R> {
  /** Where responses are kept; a `TieredCache` fits. Stays the caller's. */
  readonly cache: ResponseStore;
  /** As for a route, and needed here. */
  readonly ttlMs: number;
  /** Keeps apart what several response caches put into one cache. Defaults to `'http'`. */
  readonly name?: string | undefined;
  /**
   * Request headers that make a request one of a certain user. Name more where users are told by others, such as
   * `x-api-key`. Defaults to `authorization` and `cookie`.
   */
  readonly credentialHeaders?: readonly string[] | undefined;
  /**
   * Most responses that this process keeps in use for one resource and one user because they vary. A further one takes the
   * place of one that was not used for 10 s, or is left to the handler. Defaults to 16.
   */
  readonly maxVariants?: number | undefined;
  /** Name of this cache in a `Cache-Status` header, a token; `undefined` for no such header. */
  readonly cacheStatus?: string | undefined;
  /**
   * `'invalidate'`: POST, PUT, PATCH, DELETE and whatever else is not safe drops what is stored of the same URL, for all
   * users, once it has succeeded. Defaults to `'invalidate'`.
   */
  readonly unsafeMethods?: 'invalidate' | 'ignore' | undefined;
  /** How long others wait for a run whose own client has left, in milliseconds. Defaults to 1,000. */
  readonly handoverMs?: number | undefined;
  /** Longest run of a handler in the background, in milliseconds. Defaults to 30,000. */
  readonly refreshTimeoutMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedResponseOptions<R> {
  readonly identity: RequestFunction<R, string | undefined> | undefined;
  readonly key: RequestFunction<R, string> | undefined;
  readonly cacheable: ResponseFunction<R, boolean> | undefined;
  readonly tagsOf: ResponseFunction<R, readonly string[]> | undefined;
  readonly cache: ResponseStore;
  readonly name: string;
  readonly terms: ResponseTerms;
  readonly vary: readonly string[];
  readonly credentialHeaders: readonly string[];
  readonly maxBodyBytes: number;
  readonly maxVariants: number;
  readonly etag: 'strong' | 'weak' | 'none';
  readonly cacheControl: string | false | undefined;
  readonly cacheStatus: string | undefined;
  readonly clientDirectives: 'ignore' | 'honour';
  readonly unsafeMethods: 'invalidate' | 'ignore';
  readonly handoverMs: number;
  readonly refreshTimeoutMs: number;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions<R>(options: ResponseCacheOptions<R>): ResolvedResponseOptions<R> {
  const { cacheStatus } = options;
  return resolveRoute(options, {
    identity: undefined,
    key: undefined,
    cacheable: undefined,
    tagsOf: undefined,
    cache: methods('cache', options.cache, 'get', 'delete', 'deleteTag'),
    name: text('name', options.name ?? 'http'),
    terms: { ttlMs: options.ttlMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
    vary: [],
    credentialHeaders: fieldNames(
      'credentialHeaders',
      options.credentialHeaders ?? ['authorization', 'cookie'],
    ),
    maxBodyBytes: 1_048_576,
    maxVariants: wholeNumber('maxVariants', options.maxVariants ?? 16, 1),
    etag: 'strong',
    cacheControl: undefined,
    cacheStatus: cacheStatus === undefined ? undefined : token('cacheStatus', cacheStatus),
    clientDirectives: 'ignore',
    unsafeMethods: oneOf('unsafeMethods', options.unsafeMethods ?? 'invalidate', ['invalidate', 'ignore']),
    handoverMs: duration('handoverMs', options.handoverMs ?? 1_000),
    refreshTimeoutMs: duration('refreshTimeoutMs', options.refreshTimeoutMs ?? 30_000, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  });
}

/**
 * The same where a route says nothing.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function resolveRoute<R>(
  route: RouteResponseOptions<R>,
  base: ResolvedResponseOptions<R>,
): ResolvedResponseOptions<R> {
  const { terms } = base;
  return {
    ...base,
    identity: optional('identity', route.identity ?? base.identity),
    key: optional('key', route.key ?? base.key),
    cacheable: optional('cacheable', route.cacheable ?? base.cacheable),
    tagsOf: optional('tagsOf', route.tagsOf ?? base.tagsOf),
    terms: {
      ttlMs: duration('ttlMs', route.ttlMs ?? terms.ttlMs),
      staleWhileRevalidateMs: duration(
        'staleWhileRevalidateMs',
        route.staleWhileRevalidateMs ?? terms.staleWhileRevalidateMs,
      ),
      staleIfErrorMs: duration('staleIfErrorMs', route.staleIfErrorMs ?? terms.staleIfErrorMs),
    },
    vary: route.vary === undefined ? base.vary : fieldNames('vary', route.vary),
    maxBodyBytes: wholeNumber('maxBodyBytes', route.maxBodyBytes ?? base.maxBodyBytes, 0),
    etag: oneOf('etag', route.etag ?? base.etag, ['strong', 'weak', 'none']),
    cacheControl: controlOf(route.cacheControl ?? base.cacheControl),
    clientDirectives: oneOf('clientDirectives', route.clientDirectives ?? base.clientDirectives, [
      'ignore',
      'honour',
    ]),
  };
}

function controlOf(value: string | false | undefined): string | false | undefined {
  if (value === undefined || value === false) return value;
  if (/^[\t\u{20}-\u{7E}]+$/u.test(text('cacheControl', value))) return value;
  throw new InvalidOptionError('cacheControl', 'a text that a header can carry', value);
}

function optional<Callable>(option: string, value: Callable | undefined): Callable | undefined {
  return value === undefined ? undefined : callable(option, value);
}

function fieldNames(option: string, names: readonly string[]): readonly string[] {
  if (!Array.isArray(names)) throw new InvalidOptionError(option, 'a list of request headers', names);
  return names.map((name: string) => token(option, name).toLowerCase()).toSorted();
}

function token(option: string, value: string): string {
  if (typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value)) return value;
  throw new InvalidOptionError(option, 'a token of HTTP', value);
}
