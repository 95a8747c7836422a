/**
 * A plugin for Fastify.
 *
 * @module
 */
import { oneOf } from '@holdfast/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type MiddlewareOptions, optional, type Refusal } from './http/middleware-options.ts';
import { type CallTerms, RequestGuard } from './http/request-guard.ts';
import type { LimitsOptions } from './options.ts';

export type { Checker, MiddlewareOptions, Refusal } from './http/middleware-options.ts';
export { type CallTerms, decisionOn } from './http/request-guard.ts';

/** What a route says about its limits: tags and cost instead of those of the plugin, or that it has none. */
export type RouteRateLimits = CallTerms<string> | 'none';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly rateLimits?: RouteRateLimits | undefined;
  }
}

const hooks = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const;

export interface FastifyRateLimitOptions<Limits extends LimitsOptions> extends MiddlewareOptions<
  readonly [request: FastifyRequest],
  Limits
> {
  /** When a request is judged. Before its body is read, a refusal costs least. Defaults to `'onRequest'`. */
  readonly hook?: (typeof hooks)[number] | undefined;

  /** Answers a refused request; the header fields are set. Defaults to problem details of RFC 9457. */
  readonly refuse?:
    | ((refusal: Refusal<Limits>, request: FastifyRequest, reply: FastifyReply) => unknown)
    | undefined;
}

/** What `register` takes. */
export type FastifyRateLimitPlugin = (app: FastifyInstance) => Promise<void>;

/**
 * Makes a plugin that lets requests pass by a limiter's decision. It holds for the instance that it is registered on, and
 * for those below. A route chooses with `config: { rateLimits: { tags, cost } }`, or `'none'`.
 *
 * @throws {InvalidOptionError} on a wrong option.
 */
export function rateLimit<const Limits extends LimitsOptions>(
  options: FastifyRateLimitOptions<Limits>,
): FastifyRateLimitPlugin {
  const hook = oneOf('hook', options.hook ?? 'onRequest', hooks);
  const refuse = optional('refuse', options.refuse) ?? answer;
  const guard = new RequestGuard(options);

  const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const { rateLimits } = request.routeOptions.config;
    if (rateLimits === 'none') return undefined;
    const admission = await guard.admit(request.raw, [request], rateLimits);
    if (admission === undefined) return undefined;
    if (reply.sent || reply.raw.headersSent) return admission.refusal === undefined ? undefined : reply;
    guard.write(admission, {
      get: (name) => reply.getHeader(name)?.toString(),
      set: (name, value) => void reply.header(name, value),
    });
    if (admission.refusal === undefined) return undefined;
    await refuse(admission.refusal, request, reply);
    return reply;
  };

  const plugin: FastifyRateLimitPlugin = async (app) => {
    // The overloads of addHook tell hooks apart by name; these four take the same function.
    app.addHook(hook as 'onRequest', admit);
    if (!guard.settles) return;
    app.addHook('onResponse', async ({ raw }, reply) => {
      const admission = guard.admissionOf(raw);
      if (admission !== undefined) guard.answered(admission, reply.statusCode);
    });
  };
  return Object.assign(plugin, {
    // What fastify-plugin sets: the hooks belong to the instance itself, not to a child of it.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: '@holdfast/rate-limiter',
  });
}

function answer({ problem }: Refusal, _request: FastifyRequest, reply: FastifyReply): void {
  reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}
