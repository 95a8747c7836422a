import { type Degradation, ShedError } from '@holdfast/degradation';
import { rateLimitHeaders, rateLimitProblem } from '@holdfast/rate-limiter/http';
import type { FastifyInstance } from 'fastify';
import type { Feature } from '../service/features.ts';
import type { Limiter } from '../service/limiter.ts';
import { ProblemError } from './problem.ts';

/**
 * Turns requests away before their body is read: first those that the load does not allow, which costs nothing, then those over
 * a limit. A request that is shed is not charged.
 */
export function registerAdmission(
  app: FastifyInstance,
  degradation: Degradation<Feature>,
  limiter: Limiter,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const { call } = request.routeOptions.config;
    if (call === undefined) return;
    const { user } = request;

    const { criticality, expensive } = call;
    const { admitted, level, retryAfterMs } = degradation.admit(criticality, user);
    if (!admitted) throw new ShedError({ policy: degradation.name, criticality, level, retryAfterMs });

    const decision = await limiter.check({ user }, { tags: expensive === true ? ['expensive'] : [] });
    reply.headers(rateLimitHeaders(decision, { subject: user }));
    const problem = rateLimitProblem(decision);
    if (problem !== undefined) throw new ProblemError(problem);
  });
}
