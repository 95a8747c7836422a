import type { FastifyInstance } from 'fastify';
import type { Memory } from '../../service/memory.ts';
import { tellDegraded } from '../degraded.ts';
import { suggestionBody } from '../schemas.ts';

interface ByText {
  Body: { readonly text: string; readonly limit?: number; readonly exclude?: readonly string[] };
}

/** What the user has that fits what they are writing. */
export function registerSuggestions(app: FastifyInstance, memory: Memory): void {
  app.post<ByText>(
    '/v1/suggestions',
    { config: { call: { criticality: 'sheddable', expensive: true } }, schema: { body: suggestionBody } },
    async (request, reply) => {
      const answer = await memory.suggest(request.user, request.body, request.callOptions);
      return tellDegraded(reply, answer).send(answer);
    },
  );
}
