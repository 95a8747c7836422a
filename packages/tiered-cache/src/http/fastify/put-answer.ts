import type { Answer } from '../answer.ts';
import type { HandlerResponse } from '../handler-response.ts';
import type { FastifyReplyLike, FastifyRequestLike } from './fastify-shapes.ts';

/** Headers that tell of content and for how long it is current. */
const withdrawn = [
  'age',
  'cache-control',
  'cache-status',
  'content-encoding',
  'etag',
  'expires',
  'last-modified',
];

/** `undefined` would leave the payload as it is; and of no payload at all the route for HEAD can take no length. */
export function payloadOf({ body }: Answer, { method }: FastifyRequestLike): unknown {
  return body ?? (method === 'HEAD' ? '' : null);
}

/** Status and headers; the payload is for whoever sends it. */
export function put({ status, headers }: Answer, reply: FastifyReplyLike): void {
  reply.code(status);
  for (const [name, value] of headers) reply.header(name, value);
}

/** An error is neither to be cached nor to be decoded on the strength of headers that were meant for something else. */
export function withdraw(reply: FastifyReplyLike): void {
  for (const name of withdrawn) reply.removeHeader(name);
}

/** What goes to the client alone, such as a cookie, stays, once: a cookie that is put is added to those there are. */
export function replace(made: HandlerResponse, answer: Answer, reply: FastifyReplyLike): void {
  const brings = answer.headers.some(([name]) => name === 'set-cookie');
  for (const [name] of made.own) if (name !== 'set-cookie' || brings) reply.removeHeader(name);
  put(answer, reply);
}
