import type { IncomingMessage, ServerResponse } from 'node:http';

import type { HeaderRecord } from '../handler-response.ts';

/** What is used of a request of fastify. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly method: string;
  readonly url: string;
  readonly protocol: string;
  readonly host: string;
}

/** What is used of a reply of fastify. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly statusCode: number;
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  getHeaders(): HeaderRecord;
  removeHeader(name: string): unknown;
  send(payload?: unknown): unknown;
}

export type OnSendLike = (
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
) => void;

/** What is used and changed of a route that is being declared. */
export interface FastifyRouteLike {
  method: string | string[];
  handler: unknown;
  config?: unknown;
  onSend?: unknown;
}

/** What is used of an instance of fastify. */
export interface FastifyLike {
  addHook(name: 'onRoute', hook: (route: FastifyRouteLike) => void): unknown;
  routing(request: IncomingMessage, response: ServerResponse): void;
}
