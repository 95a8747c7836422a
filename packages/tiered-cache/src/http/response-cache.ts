import type { Incoming } from './incoming.ts';
import {
  resolveOptions,
  resolveRoute,
  type ResponseCacheOptions,
  type RouteResponseOptions,
} from './options.ts';
import { type CacheDirectives, parseCacheControl } from './parse-cache-control.ts';
import { RecentPasses } from './recent-passes.ts';
import { type ResponseCacheStatistics, ResponseCounts } from './statistics.ts';
import { subjectOf, urlTag } from './subject.ts';
import type { Pass, Turn } from './turn.ts';
import { Variants } from './variants.ts';
import { Visit } from './visit.ts';
import { passed, type Workings } from './workings.ts';

/** Methods that change nothing. @see RFC 9110 section 9.2.1, RFC 9111 section 4.4 */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY']);

/** Request headers that want a part of a response, or none unless it is a certain one. */
const partial = ['range', 'if-match', 'if-unmodified-since'];

/**
 * Keeps responses of handlers and answers requests from them, by the rules of a shared HTTP cache. An adapter brings it
 * the requests of a framework: `fastifyResponseCache`, `expressResponseCache` or `cachedHandler`.
 *
 * Never stored are `no-store`, `no-cache`, `Set-Cookie`, `Vary: *`, parts, failures, streams, and `private` where nobody
 * says whose it is. Requests for a part, with `If-Match` or `If-Unmodified-Since`, with a body, or for a stream of events
 * go past the cache; so do web sockets. HEAD is answered from what GET has stored, and does not store.
 *
 * A failure is not shared: everybody who waited for that run has the handler run for himself. After a response that could
 * not be stored, nobody waits for another's run for a second.
 *
 * Invariants:
 * - what was made for one user is never given to another, nor to anybody whose user is not known;
 * - a response is given out only within the times that the handler and the options allow;
 * - requests for the same response that come while its handler runs share that run, if its response may be shared;
 * - a failure of the cache fails no request.
 *
 * @see RFC 9110, RFC 9111, RFC 5861
 */
export class ResponseCache<R> {
  readonly #workings: Workings<R>;

  /** Use {@link responseCache}. */
  constructor(workings: Workings<R>) {
    this.#workings = workings;
  }

  /** The same cache with other terms, for a route. @throws {InvalidOptionError} naming the first option out of range. */
  with(route: RouteResponseOptions<R>): ResponseCache<R> {
    return new ResponseCache({ ...this.#workings, options: resolveRoute(route, this.#workings.options) });
  }

  statistics(): ResponseCacheStatistics {
    return this.#workings.counts.statistics(this.#workings.options.name);
  }

  /**
   * What is to happen to a request; at once where the cache is not concerned. For adapters.
   *
   * @throws The signal's reason, when the client has left before there was an answer.
   */
  begin(incoming: Incoming<R>): Pass | Promise<Turn> {
    try {
      return this.#begin(incoming);
    } catch {
      this.#workings.counts.errors += 1;
      return passed(this.#workings, 'bypass');
    }
  }

  /** Whether requests of this method drop what is stored of their URL. For adapters. */
  invalidatedBy(method: string): boolean {
    return this.#workings.options.unsafeMethods === 'invalidate' && !safeMethods.has(method);
  }

  /** Drops what is stored of a URL, once a method that is not safe has succeeded. Rejects never. For adapters. */
  async invalidate(incoming: Incoming<R>, status: number): Promise<void> {
    if (status < 200 || status >= 400) return;
    const { options, counts } = this.#workings;
    try {
      await options.cache.deleteTag(urlTag(incoming, options.name));
    } catch {
      counts.errors += 1;
    }
  }

  #begin(incoming: Incoming<R>): Pass | Promise<Turn> {
    const workings = this.#workings;
    const { clientDirectives } = workings.options;
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return { kind: 'pass', headers: [] };
    if (isBeyondUs(incoming)) return passed(workings, 'bypass');
    const wishes = clientDirectives === 'honour' ? wishesOf(incoming) : undefined;
    if (wishes?.noStore === true) return passed(workings, 'request');
    const subject = subjectOf(incoming, workings.options);
    const look = incoming.method === 'HEAD' || wishes?.onlyIfCached === true;
    return new Visit({ workings, incoming, subject, purpose: look ? 'look' : 'load', wishes }).turn();
  }
}

/**
 * Makes a response cache.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function responseCache<R = unknown>(options: ResponseCacheOptions<R>): ResponseCache<R> {
  const resolved = resolveOptions(options);
  const counts = new ResponseCounts();
  const drop = (key: string): void => {
    resolved.cache.delete(key).catch(() => (counts.errors += 1));
  };
  return new ResponseCache({
    options: resolved,
    counts,
    passes: new RecentPasses(resolved.clock),
    variants: new Variants({ maxVariants: resolved.maxVariants - 1, clock: resolved.clock, drop }),
  });
}

/** A body may select the response; a stream of events and a web socket never end. */
function isBeyondUs<R>(incoming: Incoming<R>): boolean {
  if (partial.some((field) => incoming.header(field) !== undefined)) return true;
  if ((incoming.header('content-length') ?? '0') !== '0') return true;
  if (incoming.header('transfer-encoding') !== undefined) return true;
  if (incoming.header('upgrade')?.toLowerCase() === 'websocket') return true;
  return incoming.header('accept') === 'text/event-stream';
}

function wishesOf<R>(incoming: Incoming<R>): CacheDirectives | undefined {
  const field = incoming.header('cache-control');
  return field === undefined ? undefined : parseCacheControl(field);
}
