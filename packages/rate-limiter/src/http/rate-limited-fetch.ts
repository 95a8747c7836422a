import { type Cancellation, cancellationOf, type Clock, throwIfCancelled } from '@holdfast/core';
import { RateLimitedError } from '../errors.ts';
import { parseRateLimit, type RateLimitInfo } from './parse-rate-limit.ts';
import {
  type RateLimitedFetchOptions,
  type ResolvedRateLimitedFetchOptions,
  resolveFetchOptions,
} from './rate-limited-fetch-options.ts';
import { type Delay, ToldQuotas } from './told-quotas.ts';

/** Methods that may be sent twice, RFC 9110 section 9.2.2. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

type FetchInput = Parameters<typeof fetch>[0];

/** A call, as far as its limits are concerned. */
interface Call {
  readonly quotas: ToldQuotas;
  readonly origin: string;
  readonly cancellation: Cancellation | undefined;
  readonly giveUpAt: number;
}

/**
 * A `fetch` that honours what servers say about their limits. A call that the last answer of its group says would be
 * refused waits, and is not sent at all if that takes too long. When a wait is over, one call goes first.
 *
 * With `retry`, a call that was refused with 429 or 503 and a `Retry-After` is sent again after that time, if its body can
 * be: not if it is a stream. Of methods that are not idempotent only 429 is retried, which says that nothing was done.
 *
 * The function rejects with a {@link RateLimitedError} for a call that is not sent, with the reason of its signal if that
 * ends the wait, and as `fetch` does else.
 *
 * @throws {InvalidOptionError} on a wrong option.
 */
export function rateLimitedFetch(options: RateLimitedFetchOptions = {}): typeof fetch {
  const client = new Client(resolveFetchOptions(options));
  return (input, init) => client.send(input, init);
}

class Client {
  readonly #options: ResolvedRateLimitedFetchOptions;
  readonly #clock: Clock;
  readonly #groups = new Map<string, ToldQuotas>();

  constructor(options: ResolvedRateLimitedFetchOptions) {
    this.#options = options;
    this.#clock = options.clock;
  }

  async send(input: FetchInput, init: RequestInit | undefined): Promise<Response> {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(input instanceof Request ? input.url : input);
    const signal = init?.signal ?? request?.signal;
    throwIfCancelled({ signal });
    const call: Call = {
      quotas: this.#groupOf(this.#options.groupOf(url, new Headers(init?.headers ?? request?.headers))),
      origin: url.origin,
      cancellation: cancellationOf({ signal }),
      giveUpAt: this.#clock.now() + this.#options.maxWaitMs,
    };

    let notBefore = -Infinity;
    for (let retries = 0; ; retries += 1) {
      const ticket = await this.#admit(call, notBefore);
      const response = await this.#options.fetch(input, init);
      const { retryAfterMs } = this.#learn(call, ticket, response);
      if (retries === this.#options.retry || !isRefusal(response) || retryAfterMs === undefined)
        return response;
      notBefore = this.#clock.now() + retryAfterMs;
      if (notBefore > call.giveUpAt) return response;
      if (!isRepeatable(request, init, response.status)) return response;
      await response.body?.cancel();
    }
  }

  /** Waits until the call may be sent, whatever other calls are told meanwhile not before an instant. @returns its ticket. */
  async #admit({ quotas, cancellation, giveUpAt }: Call, notBefore: number): Promise<number> {
    const next = (): Delay | undefined => quotas.delay(notBefore - this.#clock.now());
    for (let delay = next(); delay !== undefined; delay = next()) {
      const { limit, waitMs } = delay;
      if (this.#clock.now() + waitMs > giveUpAt)
        throw new RateLimitedError({
          policy: this.#options.name,
          limit,
          violated: [limit],
          blocked: false,
          retryAfterMs: waitMs,
        });
      await quotas.wait(waitMs, cancellation);
    }
    return quotas.take();
  }

  #learn({ quotas, origin }: Call, ticket: number, response: Response): RateLimitInfo {
    const info = parseRateLimit(response.headers, { clock: this.#clock });
    // What a cache kept is old, and what another server says after a redirect is about that one.
    const fresh = !response.headers.has('age') && new URL(response.url || origin).origin === origin;
    if (fresh) quotas.tell(ticket, info, isRefusal(response) ? info.retryAfterMs : undefined);
    return info;
  }

  #groupOf(key: string): ToldQuotas {
    const group = this.#groups.get(key) ?? new ToldQuotas(this.#clock);
    this.#groups.delete(key);
    this.#groups.set(key, group);
    if (this.#groups.size > this.#options.maxGroups) {
      const [oldest] = this.#groups.keys();
      this.#groups.delete(oldest as string);
    }
    return group;
  }
}

function isRefusal({ status }: Response): boolean {
  return status === 429 || status === 503;
}

/** Whether the same call can be sent again, and may be after an answer of this status. */
function isRepeatable(request: Request | undefined, init: RequestInit | undefined, status: number): boolean {
  const body = init?.body ?? request?.body ?? undefined;
  // Of all bodies only streams can be iterated like this, and only once.
  if (typeof body === 'object' && Symbol.asyncIterator in body) return false;
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  return status === 429 || idempotent.has(method);
}
