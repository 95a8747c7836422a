import { callable, type Clock, methods, systemClock, text, wholeNumber } from '@holdfast/core';

/** The platform's `fetch`, or what stands in for it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface DedupedFetchOptions {
  /** Shown in errors, events and statistics. Defaults to `'fetch'`. */
  readonly name?: string | undefined;
  /** What sends requests. Defaults to the platform's, looked up at each call. */
  readonly fetch?: Fetch | undefined;
  /**
   * Request headers that make no difference, because answers do not depend on them. Defaults to those that trace calls:
   * `traceparent`, `tracestate`, `baggage`, `x-request-id`, `x-correlation-id`.
   */
  readonly ignoreHeaders?: readonly string[] | undefined;
  /**
   * Most bytes of a body that are held for a caller that reads it more slowly than others, at least 1; one that falls
   * further behind loses the rest. Defaults to 5 MiB.
   */
  readonly maxLagBytes?: number | undefined;
  /** Age in milliseconds from which a request without an answer is no longer joined. Defaults to 30,000. */
  readonly maxAgeMs?: number | undefined;
  /** Most requests under way, at least 1; over it each caller sends its own. Defaults to no limit. */
  readonly maxFlights?: number | undefined;
  /** Most callers that wait for one request, at least 1; over it each sends its own. Defaults to no limit. */
  readonly maxWaiters?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedFetchOptions {
  readonly fetch: Fetch;
  readonly ignoreHeaders: ReadonlySet<string>;
  readonly maxLagBytes: number;
  readonly clock: Clock;
}

const tracing = ['traceparent', 'tracestate', 'baggage', 'x-request-id', 'x-correlation-id'];

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: DedupedFetchOptions): ResolvedFetchOptions {
  const ignored = (options.ignoreHeaders ?? tracing).map((name) => text('ignoreHeaders', name).toLowerCase());
  return {
    fetch: callable('fetch', options.fetch ?? ((input, init) => globalThis.fetch(input, init))),
    ignoreHeaders: new Set(ignored),
    maxLagBytes: wholeNumber('maxLagBytes', options.maxLagBytes ?? 5 * 2 ** 20, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}
