import type { AddressInfo } from 'node:net';

import { fastifyResponseCache, type ResponseCache } from '@holdfast/tiered-cache/http';
import Fastify, { type FastifyInstance } from 'fastify';

import type { Front } from './server-contract.ts';
import { askOver, type Pages, type Site } from './site.ts';

/** Pages on a real server of fastify. */
export async function fastifySite(
  responses: ResponseCache<never>,
  pages: Pages,
  front: Front = {},
): Promise<Site> {
  const app = Fastify();
  app.addHook('onRequest', async ({ headers }, reply) => {
    reply.headers(front.headers?.(headers as Record<string, string>) ?? {});
  });
  app.addHook('onResponse', async ({ headers }) => front.log?.(headers as Record<string, string>));
  await app.register(fastifyResponseCache, { responses, routes: 'all' });
  app.route({
    method: ['GET', 'POST', 'PUT', 'DELETE'],
    url: '/*',
    handler: async (request, reply) => {
      const headers = request.headers as Record<string, string>;
      const page = await pages({ method: request.method, url: request.url, headers });
      return reply
        .code(page.status ?? 200)
        .headers(page.headers ?? {})
        .send(page.body ?? '');
    },
  });
  return listening(app);
}

export async function listening(app: FastifyInstance): Promise<Site> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return { ask: (path, question) => askOver(port, path, question), close: () => app.close() };
}
