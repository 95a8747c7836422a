import type { FastifyInstance } from 'fastify';
import type { AccessEventDraft } from '../../domain/model.ts';
import type { Memory } from '../../service/memory.ts';
import { eventsBody } from '../schemas.ts';

interface ByEvents {
  Body: { readonly events: readonly AccessEventDraft[] };
}

/** What the user opened, from which predictions learn. */
export function registerEvents(app: FastifyInstance, memory: Memory): void {
  app.post<ByEvents>(
    '/v1/events',
    { config: { call: { criticality: 'degradable' } }, schema: { body: eventsBody } },
    async (request, reply) => {
      const recorded = await memory.recordEvents(request.user, request.body.events, request.callOptions);
      return reply.code(202).send(recorded);
    },
  );
}
