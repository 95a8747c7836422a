import type { Clock, OperationContext } from '@holdfast/core';

import { deadlineHeader, deadlineHeaders } from '../context/deadline-header.ts';
import { HttpStatusError, RemoteRateLimitError } from './errors.ts';
import { parseRetryAfterMs } from './retry-after.ts';

/** What one request is made with. */
export interface ExchangeTerms {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

/** Statuses that tell of a service that cannot answer now. Others say that it works, whatever it thinks of the request. */
const failures: ReadonlySet<number> = new Set([408, 425, 500, 502, 503, 504]);

/** Methods whose repetition does no harm (RFC 9110, 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** One request, made as often as it takes, and what came back that nobody has read. */
export class Exchange {
  readonly #terms: ExchangeTerms;
  readonly #input: string | URL | Request;
  readonly #init: RequestInit | undefined;
  readonly #unread = new Set<Response>();

  constructor(terms: ExchangeTerms, input: string | URL | Request, init: RequestInit | undefined) {
    this.#terms = terms;
    this.#input = input;
    this.#init = init;
  }

  /** The caller's own signal. */
  get signal(): AbortSignal | undefined {
    return this.#init?.signal ?? (this.#input instanceof Request ? this.#input.signal : undefined);
  }

  /** Whether it may be made again: it does no harm, and its body can be sent once more. */
  get isRepeatable(): boolean {
    const method = this.#init?.method ?? (this.#input instanceof Request ? this.#input.method : 'GET');
    const isSafe = idempotent.has(method.toUpperCase()) || this.#headers().has('idempotency-key');
    const body = this.#init?.body ?? (this.#input instanceof Request ? this.#input.body : undefined);
    return isSafe && !(body instanceof ReadableStream);
  }

  /**
   * Makes the request.
   *
   * @throws {HttpStatusError} when the service answers that it failed.
   * @throws {RemoteRateLimitError} when it answers 429.
   */
  async attempt(context: OperationContext): Promise<Response> {
    this.discard();
    const { signal } = context;
    const headers = this.#headers();
    const remainingMs = context.remainingMs();
    if (!headers.has(deadlineHeader))
      for (const [name, value] of Object.entries(deadlineHeaders(remainingMs))) headers.set(name, value);
    const response = await this.#terms.fetch(this.#input, {
      ...this.#init,
      headers,
      // The body may be read long after this attempt is over, and by then only the caller's own signal ends it.
      signal: this.signal === undefined ? signal : AbortSignal.any([signal, this.signal]),
    });
    if (signal.aborted) cancel(response);
    return this.#judge(response);
  }

  /** Lets go of every response that was taken for a failure, except of the one that is given out after all. */
  discard(kept?: Response): void {
    for (const response of this.#unread) if (response !== kept) cancel(response);
    this.#unread.clear();
  }

  #judge(response: Response): Response {
    const { status, headers } = response;
    if (status !== 429 && !failures.has(status)) return response;
    this.#unread.add(response);
    const retryAfterMs = parseRetryAfterMs(headers.get('retry-after'), this.#terms.clock.epoch());
    throw status === 429
      ? new RemoteRateLimitError(response, retryAfterMs)
      : new HttpStatusError(response, retryAfterMs);
  }

  #headers(): Headers {
    return new Headers(
      this.#init?.headers ?? (this.#input instanceof Request ? this.#input.headers : undefined),
    );
  }
}

/** Gives the connection back. What goes wrong there has no one to tell. */
function cancel(response: Response): void {
  void response.body?.cancel().catch(() => undefined);
}
