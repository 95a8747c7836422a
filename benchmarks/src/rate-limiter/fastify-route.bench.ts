// What does a rate limit in memory add to a request of a Fastify route, the client's part included?
import peerLimit from '@fastify/rate-limit';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { rateLimit } from '@holdfast/rate-limiter/fastify';
import fastify, { type FastifyInstance } from 'fastify';

import { baseline, ours, peer, question, type Run, type Scope } from '../harness/question.ts';
import { fourLimits, oneLimit } from './memory-limiters.ts';
import { callers, requestsPerRun, requestsTo } from './route.ts';

/** Never reached: requests that pass are measured. */
const limit = 1_000_000_000;

export default question({
  answer: requestsPerRun,
  callsPerRun: requestsPerRun,
  patience: 10,
  cases: async (scope) => [
    baseline('route without a limit', await route(scope, () => undefined)),
    ours('rateLimit, one strict limit', await route(scope, holdfast(oneLimit(limit)))),
    ours('rateLimit, four strict limits', await route(scope, holdfast(fourLimits(limit)))),
    peer('@fastify/rate-limit', 'fixed window', await route(scope, fixedWindow)),
  ],
});

async function route(scope: Scope, limits: (app: FastifyInstance) => unknown): Promise<Run> {
  const app = fastify();
  scope.defer(() => app.close());
  await limits(app);
  app.get('/', async () => 'hello');
  await app.listen({ port: 0, host: '127.0.0.1' });
  return requestsTo(app.server, scope);
}

function holdfast(limits: LimitsOptions): (app: FastifyInstance) => unknown {
  const limiter = new RateLimiter({ limits });
  return (app) => app.register(rateLimit({ limiter, subjectOf: ({ raw }) => callers.keyOf(raw) }));
}

function fixedWindow(app: FastifyInstance): unknown {
  return app.register(peerLimit, { max: limit, timeWindow: 60_000 });
}
