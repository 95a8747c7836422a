import type { FastifyInstance } from 'fastify';
import type { SearchRequest } from '../../domain/search/search.ts';
import type { Memory } from '../../service/memory.ts';
import { tellDegraded } from '../degraded.ts';
import { lengthOf, type PageQuery } from '../page-query.ts';
import { searchQuery } from '../schemas.ts';

interface BySearch {
  Querystring: Omit<SearchRequest, 'query' | 'limit'> & PageQuery & { readonly q: string };
}

/** Full-text search, ranked by meaning too where that can be had. */
export function registerSearch(app: FastifyInstance, memory: Memory): void {
  app.get<BySearch>(
    '/v1/search',
    { config: { call: { criticality: 'critical' } }, schema: { querystring: searchQuery } },
    async (request, reply) => {
      const { q, mode = 'hybrid', ...rest } = request.query;
      const asked = { ...rest, mode, query: q, limit: lengthOf(request.query) };
      const answer = await memory.search(request.user, asked, request.callOptions);
      return tellDegraded(reply, answer).send(answer);
    },
  );
}
