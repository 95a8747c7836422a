import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import {
  cachedHandler,
  type ExpressRequest,
  expressResponseCache,
  type FastifyLike,
  type FastifyReplyLike,
  type FastifyRequestLike,
  fastifyResponseCache,
  type FastifyResponseCacheOptions,
  type ResponseCache,
  responseCache,
  type ResponseStore,
  type RouteResponseOptions,
} from '@holdfast/tiered-cache/http';
import type { Request as ExpressOwnRequest, RequestHandler } from 'express';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { describe, expectTypeOf, it } from 'vitest';

const cache = createCache({ namespace: 'types', ttlMs: 1 });

describe('the shapes of others', () => {
  it('has a TieredCache for a place to keep responses in', () => {
    expectTypeOf<TieredCache>().toExtend<ResponseStore>();
  });

  it('fits fastify', () => {
    expectTypeOf<FastifyInstance>().toExtend<FastifyLike>();
    expectTypeOf<FastifyRequest>().toExtend<FastifyRequestLike>();
    expectTypeOf<FastifyReply>().toExtend<FastifyReplyLike>();
    expectTypeOf(fastifyResponseCache).toExtend<FastifyPluginAsync<FastifyResponseCacheOptions>>();
    const responses = responseCache<FastifyRequest>({ cache, ttlMs: 1, identity: (request) => request.ip });
    const register = (app: FastifyInstance): unknown => app.register(fastifyResponseCache, { responses });
    expectTypeOf(register).toBeFunction();
    expectTypeOf<RouteResponseOptions<FastifyRequest>>().toExtend<RouteResponseOptions<FastifyRequestLike>>();
  });

  it('fits express', () => {
    expectTypeOf<ExpressOwnRequest>().toExtend<ExpressRequest>();
    const responses = responseCache<ExpressOwnRequest>({
      cache,
      ttlMs: 1,
      identity: (request) => request.ip,
    });
    expectTypeOf(expressResponseCache(responses)).toExtend<RequestHandler>();
  });

  it('fits handlers in the style of fetch', () => {
    const responses = responseCache<Request>({ cache, ttlMs: 1, key: (request) => request.url });
    expectTypeOf(cachedHandler(responses, () => new Response())).toEqualTypeOf<
      (request: Request) => Promise<Response>
    >();
    expectTypeOf<ResponseCache<Request>>().not.toBeAny();
  });
});
