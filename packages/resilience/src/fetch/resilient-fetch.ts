import { callable, type ExecuteOptions } from '@holdfast/core';

import { type Pipeline, pipeline } from '../pipeline/pipeline.ts';
import type { PipelineSlots } from '../pipeline/slots.ts';
import { HttpStatusError, RemoteRateLimitError } from './errors.ts';
import { cancelBody, Exchange, type ExchangeTerms } from './exchange.ts';

/** The slots of a pipeline; all but `dedupe`, because a response can be read once. */
export interface FetchSlots extends Omit<PipelineSlots<Response>, 'dedupe'> {
  /** What makes the requests. Defaults to the platform's `fetch`, looked up at each request. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** As `fetch`, with what the policies want to know about a call as a third parameter. */
export interface ResilientFetch {
  (
    input: string | URL | Request,
    init?: RequestInit,
    options?: Omit<ExecuteOptions, 'signal'>,
  ): Promise<Response>;
  /** What the requests go through. */
  readonly pipeline: Pipeline<Response>;
}

/**
 * A `fetch` that goes through a pipeline.
 *
 * - A response is given out as `fetch` gives it out, whatever its status. For the policies the statuses 408, 425, 500, 502, 503
 *   and 504 are failures, 429 is a refusal, and everything else a success. `Retry-After` is respected.
 * - Retried and hedged is only what may be repeated: requests with an idempotent method (RFC 9110, 9.2.2) or an
 *   `Idempotency-Key`, unless their body is a stream.
 * - The timeout ends when the headers have arrived. The body then streams as long as the caller's own signal lets it.
 * - A request of a call with a deadline says in `x-deadline-ms` what is left of it.
 * - The bodies of responses that are not given out are cancelled, so that their connections are free again, unless `onDiscard`
 *   takes them.
 *
 * @param name - Shown in errors, events and statistics.
 * @throws {InvalidOptionError} naming the first option or slot that is wrong.
 */
export function resilientFetch(name: string, { fetch, ...slots }: FetchSlots = {}): ResilientFetch {
  const repeating = pipeline<Response>(name, { onDiscard: cancelBody, ...slots });
  const { parts } = repeating;
  const once = pipeline<Response>(name, { ...slots, ...parts, retry: undefined, hedge: undefined });
  const ownFetch = fetch && callable('fetch', fetch);
  const terms: ExchangeTerms = {
    clock: parts.clock,
    hedged: parts.hedge !== undefined,
    fetch: (input, init) => (ownFetch ?? globalThis.fetch)(input, init),
  };
  const fetchResiliently = async (
    input: string | URL | Request,
    init?: RequestInit,
    options?: Omit<ExecuteOptions, 'signal'>,
  ): Promise<Response> => {
    const exchange = new Exchange(terms, input, init);
    const path = exchange.isRepeatable ? repeating : once;
    let given: Response | undefined;
    try {
      given = await path.execute((context) => exchange.attempt(context), {
        ...options,
        signal: exchange.signal,
      });
    } catch (error) {
      if (!(error instanceof HttpStatusError || error instanceof RemoteRateLimitError)) throw error;
      given = error.response;
    } finally {
      exchange.discard(given);
    }
    return given;
  };
  return Object.assign(fetchResiliently, { pipeline: repeating });
}
