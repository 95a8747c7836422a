import type { IncomingMessage, ServerResponse } from 'node:http';

import type { HeaderRecord } from './answer.ts';

/** What is used of a request of fastify. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  readonly host: string;
  readonly body?: unknown;
}

/** What is used of a reply of fastify. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  getHeaders(): HeaderRecord;
  hijack(): unknown;
}

/** What is used and changed of a route that is being declared. */
export interface FastifyRouteLike {
  handler: unknown;
  config?: unknown;
  onSend?: unknown;
}

/** What is used of an instance of fastify. */
export interface FastifyLike {
  addHook(name: 'onRoute', hook: (route: FastifyRouteLike) => void): unknown;
}
