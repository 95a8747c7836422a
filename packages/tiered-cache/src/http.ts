/**
 * HTTP: what tells one version of a response from another, what caches are told about it, and a cache of whole responses
 * for fastify, express and handlers in the style of fetch.
 *
 * @module
 */
export type { Answer } from './http/answer.ts';
export { cacheControl, type CacheControlOptions } from './http/cache-control.ts';
export { isNotModified, type Validators } from './http/conditions.ts';
export { HandlerFailedError } from './http/errors.ts';
export { etagOf, type EtagOptions } from './http/etag.ts';
export { type ExpressMiddleware, type ExpressRequest, expressResponseCache } from './http/express.ts';
export {
  fastifyResponseCache,
  type FastifyResponseCacheOptions,
  type FastifyResponseCachePlugin,
} from './http/fastify.ts';
export type {
  FastifyLike,
  FastifyReplyLike,
  FastifyRequestLike,
  FastifyRouteLike,
} from './http/fastify/fastify-shapes.ts';
export { cachedHandler } from './http/fetch.ts';
export type { FetchHandler } from './http/fetch/fetch-messages.ts';
export {
  type HandlerResponse,
  type HeaderPair,
  type HeaderRecord,
  type HeaderValue,
} from './http/handler-response.ts';
export type { HeaderSource } from './http/header-source.ts';
export type { Incoming, ReplayOrder } from './http/incoming.ts';
export type {
  RequestFunction,
  ResponseCacheOptions,
  ResponseFunction,
  RouteResponseOptions,
} from './http/options.ts';
export { type CacheDirectives, parseCacheControl } from './http/parse-cache-control.ts';
export { responseCache, type ResponseCache } from './http/response-cache.ts';
export type {
  ResponseLoadContext,
  ResponseLoader,
  ResponseStore,
  ResponseTerms,
} from './http/response-store.ts';
export type { Dispatch } from './http/node/node-incoming.ts';
export type { ResponseCacheStatistics } from './http/statistics.ts';
export type { HandlerRun, Pass, Turn } from './http/turn.ts';
