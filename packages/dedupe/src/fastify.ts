/**
 * A plugin for fastify 5.
 *
 * @module
 */
import { methods, oneOf } from '@holdfast/core';

import { DedupedRoute } from './http/deduped-route.ts';
import type { FastifyLike, FastifyRequestLike } from './http/fastify-shapes.ts';
import type { RequestDedupe } from './http/request-dedupe.ts';

export type { HeaderRecord } from './http/answer.ts';
export type {
  FastifyLike,
  FastifyReplyLike,
  FastifyRequestLike,
  FastifyRouteLike,
} from './http/fastify-shapes.ts';

export interface FastifyDedupeOptions {
  readonly requests: RequestDedupe<FastifyRequestLike>;
  /**
   * `'configured'`: the routes that have `dedupe: true` in their `config`. `'all'`: all that do not have `dedupe: false`
   * there. Defaults to `'configured'`.
   */
  readonly routes?: 'configured' | 'all' | undefined;
}

/** A plugin of fastify. */
export type FastifyDedupePlugin = (instance: FastifyLike, options: FastifyDedupeOptions) => Promise<void>;

/**
 * A plugin for fastify 5 by which identical requests share their handlers. It takes the place of handlers and of nothing
 * else: all hooks run for every request, so authentication and validation lose nothing by it, and hooks that change
 * payloads change those that are shared as they do others.
 *
 * It applies to routes of the instance that it is registered on, and of those below, that are declared later: await its
 * registration.
 */
export const fastifyDedupe: FastifyDedupePlugin = Object.assign(plugin, {
  // What fastify-plugin marks a plugin with, so that its hooks reach the instance that it is registered on.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@holdfast/dedupe/fastify',
  [Symbol.for('plugin-meta')]: { name: '@holdfast/dedupe/fastify', fastify: '5.x' },
});

async function plugin(instance: FastifyLike, options: FastifyDedupeOptions): Promise<void> {
  const requests = methods('requests', options.requests, 'begin');
  const routes = oneOf('routes', options.routes ?? 'configured', ['configured', 'all']);
  instance.addHook('onRoute', (route) => {
    const wanted = (route.config as { dedupe?: boolean } | undefined)?.dedupe ?? routes === 'all';
    if (wanted) new DedupedRoute(requests).takeOver(route);
  });
}
