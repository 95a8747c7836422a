import type { Clock } from '@holdfast/core';

import { SharedBody } from './shared-body.ts';

/** One response for several callers: each gets a `Response` of its own, whose body it may read or not. */
export class SharedResponse {
  readonly #response: Response;
  readonly #maxLagBytes: number;
  readonly #clock: Clock;
  #body: SharedBody | undefined;

  constructor(response: Response, maxLagBytes: number, clock: Clock) {
    this.#response = response;
    this.#maxLagBytes = maxLagBytes;
    this.#clock = clock;
  }

  /** For a caller that nobody has joined, and that cannot leave while it reads: what the platform gave. */
  get whole(): Response {
    return this.#response;
  }

  /** For one of several callers, whose body ends when `signal` aborts. */
  share(signal: AbortSignal | undefined): Response {
    const { body, status, statusText, headers, url, redirected, type } = this.#response;
    // Nothing is told of an opaque response, so that none like it can be made.
    if (status === 0) return this.#response.clone();
    const branch = body === null ? null : this.#bodyOf(body).branch(signal);
    const own = new Response(branch, { status, statusText, headers });
    const facts = Object.entries({ url, redirected, type }).map(
      ([name, value]) => [name, { value }] as const,
    );
    return Object.defineProperties(own, Object.fromEntries(facts));
  }

  #bodyOf(body: ReadableStream<Uint8Array>): SharedBody {
    return (this.#body ??= new SharedBody(body, this.#maxLagBytes, this.#clock));
  }
}
