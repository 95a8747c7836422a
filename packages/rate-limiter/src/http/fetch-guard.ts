import { callable } from '@holdfast/core';
import type { LimitsOptions } from '../options.ts';
import { type MiddlewareOptions, optional, type Refusal } from './middleware-options.ts';
import { type Admission, RequestGuard } from './request-guard.ts';

/** What the platform's `serve` takes; the rest is what it passes besides the request. */
export type FetchHandler<Rest extends readonly unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

export interface FetchRateLimitOptions<
  Limits extends LimitsOptions,
  Rest extends readonly unknown[] = [],
> extends MiddlewareOptions<readonly [request: Request, ...rest: Rest], Limits> {
  /** Makes the response to a refused request; the header fields are added to it. Defaults to problem details of RFC 9457. */
  readonly refuse?:
    | ((refusal: Refusal<Limits>, request: Request, ...rest: Rest) => Response | Promise<Response>)
    | undefined;
}

/**
 * Makes a guard that gives the response to a refused request, and `undefined` for one that may pass. It writes no header
 * fields to the response of the latter, and `countWhen` has no effect; {@link withRateLimit} does both.
 *
 * @throws {InvalidOptionError} on a wrong option.
 */
export function rateLimitGuard<const Limits extends LimitsOptions, Rest extends readonly unknown[] = []>(
  options: FetchRateLimitOptions<Limits, Rest>,
): (request: Request, ...rest: Rest) => Promise<Response | undefined> {
  const gate = new FetchGate(options);
  return async (request, ...rest) => {
    const admission = await gate.guard.admit(request, [request, ...rest]);
    return admission?.refusal === undefined
      ? undefined
      : gate.refuse(admission, admission.refusal, request, ...rest);
  };
}

/**
 * Puts a limiter in front of a handler. A handler that fails counts as one that answered with status 500.
 *
 * @throws {InvalidOptionError} on a wrong option.
 */
export function withRateLimit<const Limits extends LimitsOptions, Rest extends readonly unknown[] = []>(
  handler: FetchHandler<Rest>,
  options: FetchRateLimitOptions<Limits, Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  callable('handler', handler);
  const gate = new FetchGate(options);
  const { guard } = gate;
  return async (request, ...rest) => {
    const admission = await guard.admit(request, [request, ...rest]);
    if (admission === undefined) return handler(request, ...rest);
    if (admission.refusal !== undefined) return gate.refuse(admission, admission.refusal, request, ...rest);
    let response: Response;
    try {
      response = await handler(request, ...rest);
    } catch (error) {
      guard.answered(admission, 500);
      throw error;
    }
    guard.answered(admission, response.status);
    return gate.tell(admission, response);
  };
}

class FetchGate<Limits extends LimitsOptions, Rest extends readonly unknown[]> {
  readonly guard: RequestGuard<readonly [Request, ...Rest], Limits>;
  readonly #answer: NonNullable<FetchRateLimitOptions<Limits, Rest>['refuse']>;

  constructor(options: FetchRateLimitOptions<Limits, Rest>) {
    this.guard = new RequestGuard(options);
    this.#answer = optional('refuse', options.refuse) ?? answer;
  }

  async refuse(
    admission: Admission<Limits>,
    refusal: Refusal<Limits>,
    request: Request,
    ...rest: Rest
  ): Promise<Response> {
    return this.tell(admission, await this.#answer(refusal, request, ...rest));
  }

  /** Adds the header fields; to a copy, if the response takes none, as one of `fetch` or a redirect. */
  tell(admission: Admission<Limits>, response: Response): Response {
    try {
      this.#write(admission, response.headers);
      return response;
    } catch {
      const copy = new Response(response.body, response);
      this.#write(admission, copy.headers);
      return copy;
    }
  }

  #write(admission: Admission<Limits>, headers: Headers): void {
    this.guard.write(admission, {
      get: (name) => headers.get(name) ?? undefined,
      set: (name, value) => headers.set(name, value),
    });
  }
}

function answer({ problem }: Pick<Refusal, 'problem'>, ..._call: readonly unknown[]): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}
