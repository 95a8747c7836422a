import type { FastifyInstance } from 'fastify';
import type { SearchRequest } from '../../domain/search/search.ts';
import type { Memory } from '../../service/memory.ts';
import { searchQuery } from '../schemas.ts';
import { tellDegraded } from '../degraded.ts';

interface BySearch {
  Querystring: Omit<SearchRequest, 'query'> & { readonly q: string };
}

/** Full-text search, ranked by meaning too where that can be had. */
export function registerSearch(app: FastifyInstance, memory: Memory): void {
  app.get<BySearch>(
    '/v1/search',
    { config: { call: { criticality: 'critical' } }, schema: { querystring: searchQuery } },
    async (request, reply) => {
      const { q, mode = 'hybrid', ...rest } = request.query;
      const answer = await memory.search(request.user, { ...rest, mode, query: q }, request.callOptions);
      return tellDegraded(reply, answer).send(answer);
    },
  );
}
