import { InvalidOptionError, methods, oneOf } from '@holdfast/core';

import { CachedRoute } from './fastify/cached-route.ts';
import type { FastifyLike, FastifyRequestLike, FastifyRouteLike } from './fastify/fastify-shapes.ts';
import { invalidateBeforeSending } from './fastify/invalidation.ts';
import { NodeReplays } from './node/node-replays.ts';
import type { ResponseCache } from './response-cache.ts';

export interface FastifyResponseCacheOptions {
  readonly responses: ResponseCache<FastifyRequestLike>;
  /**
   * `'configured'`: the routes that have `responseCache` in their `config`: `true`, or options where they differ.
   * `'all'`: all that do not have `responseCache: false` there. Defaults to `'configured'`.
   */
  readonly routes?: 'configured' | 'all' | undefined;
}

/** A plugin of fastify. */
export type FastifyResponseCachePlugin = (
  instance: FastifyLike,
  options: FastifyResponseCacheOptions,
) => Promise<void>;

/**
 * A plugin for fastify 5 that answers routes from a response cache. It takes the place of their handlers and of nothing
 * else: all hooks run for every request, so authentication, rate limits and validation lose nothing by it, and hooks that
 * change payloads change those from the cache once, as they do others.
 *
 * It applies to routes of the instance that it is registered on, and of those below, that are declared later: await its
 * registration. GET and HEAD are answered; methods that are not safe drop what is stored of their URL.
 *
 * A refresh in the background sends a request like the one that came through the whole application, without a client.
 */
export const fastifyResponseCache: FastifyResponseCachePlugin = Object.assign(plugin, {
  // What fastify-plugin marks a plugin with, so that its hooks reach the instance that it is registered on.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@holdfast/tiered-cache/http',
  [Symbol.for('plugin-meta')]: { name: '@holdfast/tiered-cache/http', fastify: '5.x' },
});

async function plugin(instance: FastifyLike, options: FastifyResponseCacheOptions): Promise<void> {
  const responses = methods('responses', options.responses, 'begin', 'invalidate', 'with');
  const routes = oneOf('routes', options.routes ?? 'configured', ['configured', 'all']);
  const replays = new NodeReplays<FastifyRequestLike>();
  const dispatch = instance.routing.bind(instance);
  instance.addHook('onRoute', (route) => {
    const named = [route.method].flat();
    if (named.some((method) => responses.invalidatedBy(method)))
      invalidateBeforeSending(route, { responses, replays, dispatch });
    const ofRoute = responsesFor(route, responses, routes);
    if (ofRoute === undefined || !named.some((method) => method === 'GET' || method === 'HEAD')) return;
    new CachedRoute({ responses: ofRoute, replays, dispatch }).takeOver(route);
  });
}

/** The cache as the route wants it; `undefined` if it wants none. */
function responsesFor(
  { config }: FastifyRouteLike,
  responses: ResponseCache<FastifyRequestLike>,
  routes: 'configured' | 'all',
): ResponseCache<FastifyRequestLike> | undefined {
  const wanted = (config as { responseCache?: unknown } | undefined)?.responseCache;
  if (wanted === false || (wanted === undefined && routes === 'configured')) return undefined;
  if (wanted === undefined || wanted === true) return responses;
  if (typeof wanted === 'object' && wanted !== null) return responses.with(wanted);
  throw new InvalidOptionError('config.responseCache', 'true, false or options', wanted);
}
