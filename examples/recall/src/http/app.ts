import { randomUUID } from 'node:crypto';
import { seconds } from '@holdfast/core';
import type { Degradation } from '@holdfast/degradation';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Feature } from '../service/features.ts';
import type { Limiter } from '../service/limiter.ts';
import type { Memory } from '../service/memory.ts';
import type { Monitoring } from '../service/monitoring.ts';
import { registerAdmission } from './admission.ts';
import { registerCalls } from './call.ts';
import { answerMalformed, refuseExpectation } from './malformed.ts';
import { plainProblem, type Problem, problemOf, retryAfterOf } from './problem.ts';
import { registerEvents } from './routes/events.ts';
import { registerItems } from './routes/items.ts';
import { registerOperations } from './routes/operations.ts';
import { registerPredictions } from './routes/predictions.ts';
import { registerSearch } from './routes/search.ts';
import { registerSuggestions } from './routes/suggestions.ts';
import { registerTelemetry } from './telemetry.ts';
import { registerUnusedConnections } from './unused-connections.ts';

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
    // Unique among all instances and restarts: what a client reports has to be found in the log.
    genReqId: () => randomUUID(),
    // Nobody may hold a connection by sending slowly.
    requestTimeout: seconds(30),
    forceCloseConnections: 'idle',
    // While the service stops, whoever still gets through is answered; see registerDraining.
    return503OnClosing: false,
    // A field that is unknown or of another type is a mistake to hear of, not to drop or to guess at.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: answerMalformed,
  });
  app.server.on('checkExpectation', refuseExpectation);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, plainProblem(404, `there is no ${request.method} ${pathOf(request)}`)),
  );

  registerDraining(app, monitoring);
  registerUnusedConnections(app);
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

/** While the service drains, each answer is the last on its connection: a client that goes on does so elsewhere. */
function registerDraining(app: FastifyInstance, { health }: Monitoring): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (health.draining) reply.header('connection', 'close');
    done();
  });
}

function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (problem.status >= 500 && problem.type === 'about:blank')
    request.log.error({ err: error, requestId: request.id }, 'unexpected error');
  return sendProblem(reply, problem, retryAfterOf(error));
}

function sendProblem(reply: FastifyReply, problem: Problem, retryAfterMs?: number): FastifyReply {
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs))
    reply.header('retry-after', Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, requestId: reply.request.id }));
}

/** Without the query, which may hold what nobody should read again, and no longer than anybody wants to read. */
const pathOf = ({ url }: FastifyRequest): string => (url.split('?', 1)[0] ?? '').slice(0, 200);
