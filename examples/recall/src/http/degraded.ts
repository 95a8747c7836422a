import type { FastifyReply } from 'fastify';

/** Says in a header, too, that the answer left something out, so that nobody has to parse bodies to count those. */
export function tellDegraded(
  reply: FastifyReply,
  answer: { readonly degraded: readonly string[] },
): FastifyReply {
  return answer.degraded.length === 0 ? reply : reply.header('x-degraded', answer.degraded.join(', '));
}
