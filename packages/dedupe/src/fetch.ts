/**
 * A `fetch` for front ends and services by which identical requests under way share one response.
 *
 * @module
 */
import { Dedupe } from './dedupe.ts';
import { type DedupedFetchOptions, type Fetch, resolveOptions } from './fetch/options.ts';
import { requestKey } from './fetch/request-key.ts';
import { SharedResponse } from './fetch/shared-response.ts';

export { BodyLagError } from './fetch/errors.ts';
export type { DedupedFetchOptions, Fetch } from './fetch/options.ts';

/** A `fetch`, and what tells what it does. */
export type DedupedFetch = Fetch & {
  readonly dedupe: Pick<Dedupe, 'name' | 'inFlight' | 'events' | 'statistics'>;
};

/**
 * A `fetch` by which callers share a GET or HEAD request that is under way, until its headers have come: with the same
 * URL, headers, and ways to treat it. All other requests are sent as they are.
 *
 * Each caller gets a response of its own. One that aborts leaves the others alone, also while it reads the body; when the
 * last one does, the request is aborted.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function dedupedFetch(options: DedupedFetchOptions = {}): DedupedFetch {
  const { fetch, ignoreHeaders, maxLagBytes, clock } = resolveOptions(options);
  const { name = 'fetch', maxAgeMs, maxFlights, maxWaiters } = options;
  const dedupe = new Dedupe({ name, maxAgeMs, maxFlights, maxWaiters, clock });

  const deduped: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const key = requestKey(request, ignoreHeaders);
    if (key === undefined) return fetch(request);
    const signal = signalOf(input, init);
    const outcome = await dedupe.tryRun(
      key,
      async (flight) => {
        const response = await fetch(request, { signal: flight.signal });
        return new SharedResponse(response, maxLagBytes, clock);
      },
      { signal },
    );
    if (outcome.status === 'rejected') throw outcome.reason;
    const { value, shared } = outcome;
    return signal === undefined && !shared ? value.whole : value.share(signal);
  };
  return Object.assign(deduped, { dedupe });
}

/** Of a request unless `init` has another one, or `null` for none. */
function signalOf(input: string | URL | Request, init: RequestInit | undefined): AbortSignal | undefined {
  if (init?.signal !== undefined) return init.signal ?? undefined;
  return input instanceof Request ? input.signal : undefined;
}
