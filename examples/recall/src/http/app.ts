import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import type { Degradation } from '@holdfast/degradation';
import type { Feature } from '../service/features.ts';
import type { Limiter } from '../service/limiter.ts';
import type { Memory } from '../service/memory.ts';
import type { Monitoring } from '../service/monitoring.ts';
import { registerAdmission } from './admission.ts';
import { registerCalls } from './call.ts';
import { plainProblem, type Problem, problemOf, retryAfterOf } from './problem.ts';
import { registerEvents } from './routes/events.ts';
import { registerItems } from './routes/items.ts';
import { registerOperations } from './routes/operations.ts';
import { registerPredictions } from './routes/predictions.ts';
import { registerSearch } from './routes/search.ts';
import { registerSuggestions } from './routes/suggestions.ts';
import { registerTelemetry } from './telemetry.ts';

export interface AppParts {
  readonly memory: Memory;
  readonly limiter: Limiter;
  readonly degradation: Degradation<Feature>;
  readonly monitoring: Monitoring;
  readonly log: FastifyBaseLogger;
}

/** The HTTP face of the service. Every error leaves as problem details. */
export function createApp({ memory, limiter, degradation, monitoring, log }: AppParts): FastifyInstance {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 16 * 1_024 * 1_024,
    forceCloseConnections: 'idle',
    // An unknown field is a mistake to hear of, not to drop.
    ajv: { customOptions: { removeAdditional: false } },
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500 && problem.type === 'about:blank')
      request.log.error({ error }, 'unexpected error');
    return sendProblem(reply, problem, retryAfterOf(error));
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      plainProblem(404, 'Not found', `there is no ${request.method} ${request.url.split('?', 1)[0]}`),
    ),
  );

  registerTelemetry(app, monitoring.metrics, monitoring.sla);
  registerCalls(app);
  registerAdmission(app, degradation, limiter);
  registerItems(app, memory);
  registerSearch(app, memory);
  registerPredictions(app, memory);
  registerSuggestions(app, memory);
  registerEvents(app, memory);
  registerOperations(app, monitoring);
  return app;
}

function sendProblem(reply: FastifyReply, problem: Problem, retryAfterMs?: number): FastifyReply {
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs))
    reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, requestId: reply.request.id }));
}
