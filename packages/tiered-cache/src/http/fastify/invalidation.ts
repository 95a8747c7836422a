import { type CachedRouteOptions, incomingOf } from './cached-route.ts';
import type { FastifyReplyLike, FastifyRequestLike, FastifyRouteLike } from './fastify-shapes.ts';

/** Drops what is stored of a URL before the client learns that its request has succeeded. */
export function invalidateBeforeSending(route: FastifyRouteLike, options: CachedRouteOptions): void {
  const { responses } = options;
  const onSend = async (
    request: FastifyRequestLike,
    reply: FastifyReplyLike,
    payload: unknown,
  ): Promise<unknown> => {
    if (responses.invalidatedBy(request.method))
      await responses.invalidate(incomingOf(request, options), reply.statusCode);
    return payload;
  };
  route.onSend = [onSend, ...[route.onSend ?? []].flat()];
}
