import type { FastifyInstance } from 'fastify';
import type { ItemFilter } from '../../storage/contract.ts';
import type { ItemDraft, ItemPatch } from '../../domain/model.ts';
import type { Memory } from '../../service/memory.ts';
import { lengthOf, type PageQuery } from '../page-query.ts';
import { itemBatch, itemDraft, itemParams, itemPatch, itemQuery } from '../schemas.ts';
import { hasVersion, requiredVersion, seenVersion, versionTag } from '../version-tag.ts';

interface ById {
  Params: { id: string };
}

interface ByPage {
  Querystring: PageQuery & ItemFilter & { readonly cursor?: string };
}

/** A batch is as many items as it may have, each as long as it may be. */
const maxBatchBytes = 16 * 2 ** 20;

/** Items: create, read, change, delete. */
export function registerItems(app: FastifyInstance, memory: Memory): void {
  const config = { call: { criticality: 'normal' } } as const;

  app.post<{ Body: ItemDraft }>(
    '/v1/items',
    { config, schema: { body: itemDraft } },
    async (request, reply) => {
      const item = await memory.createItem(request.user, request.body, request.callOptions);
      return reply
        .code(201)
        .header('location', `/v1/items/${item.id}`)
        .header('etag', versionTag(item.version))
        .send(item);
    },
  );

  app.post<{ Body: { items: ItemDraft[] } }>(
    '/v1/items::batch',
    {
      config: { call: { criticality: 'normal', expensive: true } },
      schema: { body: itemBatch },
      bodyLimit: maxBatchBytes,
    },
    async (request, reply) => {
      const items = await memory.importItems(request.user, request.body.items, request.callOptions);
      return reply.code(207).send({ items });
    },
  );

  app.get<ByPage>(
    '/v1/items',
    { config, schema: { querystring: itemQuery } },
    ({ user, query, callOptions }) =>
      memory.listItems(user, { ...query, limit: lengthOf(query) }, callOptions),
  );

  app.get<ById>('/v1/items/:id', { config, schema: { params: itemParams } }, async (request, reply) => {
    const item = await memory.getItem(request.user, request.params.id, request.callOptions);
    reply.header('etag', versionTag(item.version)).header('cache-control', 'private, no-cache');
    return hasVersion(request, item.version) ? reply.code(304).send() : item;
  });

  app.patch<ById & { Body: ItemPatch }>(
    '/v1/items/:id',
    { config, schema: { params: itemParams, body: itemPatch } },
    async (request, reply) => {
      const { user, params, body, callOptions } = request;
      const item = await memory.updateItem(user, params.id, body, requiredVersion(request), callOptions);
      return reply.header('etag', versionTag(item.version)).send(item);
    },
  );

  app.delete<ById>('/v1/items/:id', { config, schema: { params: itemParams } }, async (request, reply) => {
    await memory.deleteItem(request.user, request.params.id, seenVersion(request), request.callOptions);
    return reply.code(204).send();
  });
}
