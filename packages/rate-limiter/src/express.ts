/**
 * A middleware for Express, Connect and plain `node:http`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type MiddlewareOptions, optional, type Refusal } from './http/middleware-options.ts';
import { type Admission, type FieldTarget, RequestGuard } from './http/request-guard.ts';
import type { LimitsOptions } from './options.ts';

export type { Checker, MiddlewareOptions, Refusal } from './http/middleware-options.ts';
export { decisionOn } from './http/request-guard.ts';

/** Hands the request on, or an error to the application's own handling. */
export type Next = (error?: unknown) => void;

export interface ExpressRateLimitOptions<
  Limits extends LimitsOptions,
  Request extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
> extends MiddlewareOptions<readonly [request: Request, response: Response], Limits> {
  /** Answers a refused request; the header fields are set. Defaults to problem details of RFC 9457. */
  readonly refuse?:
    | ((refusal: Refusal<Limits>, request: Request, response: Response, next: Next) => unknown)
    | undefined;
}

/**
 * Lets requests pass by a limiter's decision. Mount it once for a limiter and choose what applies by `tagsOf`: mounted
 * again, it finds the request decided.
 *
 * Nothing is written once the response has begun; a refused request then goes no further either.
 *
 * @throws {InvalidOptionError} on a wrong option.
 */
export function rateLimit<
  const Limits extends LimitsOptions,
  Request extends IncomingMessage = IncomingMessage,
  Response extends ServerResponse = ServerResponse,
>(
  options: ExpressRateLimitOptions<Limits, Request, Response>,
): (request: Request, response: Response, next: Next) => void {
  const guard = new RequestGuard(options);
  const refuse = optional('refuse', options.refuse) ?? answer;

  return (request, response, next) => void pass(request, response, next);

  async function pass(request: Request, response: Response, next: Next): Promise<void> {
    let admitted: boolean;
    try {
      admitted = await admit(request, response, next);
    } catch (error) {
      next(error);
      return;
    }
    if (admitted) next();
  }

  async function admit(request: Request, response: Response, next: Next): Promise<boolean> {
    const admission = await guard.admit(request, [request, response]);
    if (admission === undefined) return true;
    const { refusal } = admission;
    if (!response.headersSent) guard.write(admission, fieldsOf(response));
    if (refusal !== undefined) {
      if (!response.headersSent) await refuse(refusal, request, response, next);
      return false;
    }
    if (guard.settles) response.once('finish', () => settle(admission, response, next));
    return true;
  }

  function settle(admission: Admission<Limits>, { statusCode }: Response, next: Next): void {
    try {
      guard.answered(admission, statusCode);
    } catch (error) {
      next(error);
    }
  }
}

function fieldsOf(response: ServerResponse): FieldTarget {
  return {
    get: (name) => response.getHeader(name)?.toString(),
    set: (name, value) => response.setHeader(name, value),
  };
}

function answer({ problem }: Refusal, _request: IncomingMessage, response: ServerResponse): void {
  response.statusCode = problem.status;
  response.setHeader('Content-Type', 'application/problem+json');
  response.end(JSON.stringify(problem));
}
