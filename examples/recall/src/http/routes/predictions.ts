import type { FastifyInstance } from 'fastify';
import type { Memory } from '../../service/memory.ts';
import { lengthOf, type PageQuery } from '../page-query.ts';
import { predictionQuery } from '../schemas.ts';

interface ByContext {
  Querystring: PageQuery & { readonly context?: string };
}

/** What the user will most likely open next. */
export function registerPredictions(app: FastifyInstance, memory: Memory): void {
  app.get<ByContext>(
    '/v1/predictions',
    { config: { call: { criticality: 'critical' } }, schema: { querystring: predictionQuery } },
    ({ user, query, callOptions }) => memory.predict(user, { ...query, limit: lengthOf(query) }, callOptions),
  );
}
