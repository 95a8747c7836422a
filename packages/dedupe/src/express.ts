/**
 * Middleware for express 5.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { NodeIncoming } from './http/node-incoming.ts';
import type { RequestDedupe } from './http/request-dedupe.ts';
import { send } from './http/send.ts';
import type { Turn } from './http/turn.ts';
import { WatchedResponse } from './http/watched-response.ts';

/** What is used of a request of express. */
export interface ExpressRequest extends IncomingMessage {
  /** Path and query before any router has taken its part away. */
  readonly originalUrl: string;
  /** As the client named it, proxies that are trusted included. */
  readonly host: string;
  /** What a parser has made of the body. */
  readonly body?: unknown;
}

/** A middleware of express. */
export type ExpressMiddleware<R> = (
  request: R,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Middleware for express 5 by which identical requests share what comes after it. What comes before it, such as
 * authentication and the parsing of bodies, happens to every request; put compression there too.
 */
export function expressDedupe<R extends ExpressRequest>(requests: RequestDedupe<R>): ExpressMiddleware<R> {
  return (request, response, next) => {
    const { originalUrl: target, host, body } = request;
    const turn = requests.begin(new NodeIncoming({ request, raw: request, response, host, target, body }));
    if (turn instanceof Promise) void takeLater(turn, response, next);
    else takeTurn(turn, response, next);
  };
}

/** An answer that cannot be sent is an error of this request, as any other of a middleware. */
async function takeLater(
  coming: Promise<Turn>,
  response: ServerResponse,
  next: (error?: unknown) => void,
): Promise<void> {
  try {
    takeTurn(await coming, response, next);
  } catch (error) {
    next(error);
  }
}

function takeTurn(turn: Turn, response: ServerResponse, next: () => void): void {
  if (turn.kind === 'gone') return;
  if (turn.kind === 'answer') {
    // Unless somebody else answered while it waited, such as a middleware that limits the time of requests.
    if (!response.headersSent) send(response, turn.answer);
    return;
  }
  // oxlint-disable-next-line no-new -- it takes its place in the response
  if (turn.kind === 'run') new WatchedResponse(response, turn);
  next();
}
