import { cancellationOf, type Clock, type OperationContext } from '@holdfast/core';

import { deadlineHeader, deadlineHeaders } from '../context/deadline-header.ts';
import { HttpStatusError, RemoteRateLimitError } from './errors.ts';
import { Leash } from './leash.ts';
import { parseRetryAfterMs } from './retry-after.ts';

/** What one request is made with. */
export interface ExchangeTerms {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Whether a response that was taken for a failure may be given out after one that comes later. */
  readonly hedged: boolean;
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
    return isSafe && !isStream(body);
  }

  /**
   * Makes the request.
   *
   * @throws {HttpStatusError} when the service answers that it failed.
   * @throws {RemoteRateLimitError} when it answers 429.
   */
  async attempt(context: OperationContext): Promise<Response> {
    if (!this.#terms.hedged) this.discard();
    const headers = this.#headers();
    const remainingMs = context.remainingMs();
    if (!headers.has(deadlineHeader))
      for (const [name, value] of Object.entries(deadlineHeaders(remainingMs))) headers.set(name, value);
    const leash = new Leash(context, cancellationOf({ signal: this.signal }));
    const response = await this.#fetch(headers, leash);
    if (context.signal.aborted) cancelBody(response);
    return this.#judge(response);
  }

  /** Lets go of every response that was taken for a failure, except of the one that is given out after all. */
  discard(kept?: Response): void {
    for (const response of this.#unread) if (response !== kept) cancelBody(response);
    this.#unread.clear();
  }

  async #fetch(headers: Headers, leash: Leash): Promise<Response> {
    try {
      const response = await this.#terms.fetch(this.#input, { ...this.#init, headers, signal: leash.signal });
      leash.answered(response);
      return response;
    } catch (error) {
      leash.failed();
      throw error;
    }
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

/** Whether it is gone once it has been sent. Node.js also sends what is iterated asynchronously, such as its own streams. */
function isStream(body: unknown): boolean {
  return body instanceof ReadableStream || (body instanceof Object && Symbol.asyncIterator in body);
}

/** Gives the connection of a response back, if it is one. What goes wrong there has no one to tell. */
export function cancelBody(response: unknown): void {
  void (response as Partial<Response> | undefined)?.body?.cancel().catch(() => undefined);
}
