import type { FastifyInstance } from 'fastify';
import type { Memory } from '../../service/memory.ts';
import { predictionQuery } from '../schemas.ts';

interface ByContext {
  Querystring: { readonly limit?: number; readonly context?: string };
}

/** What the user will most likely open next. */
export function registerPredictions(app: FastifyInstance, memory: Memory): void {
  app.get<ByContext>(
    '/v1/predictions',
    { config: { call: { criticality: 'critical' } }, schema: { querystring: predictionQuery } },
    (request) => memory.predict(request.user, request.query, request.callOptions),
  );
}
