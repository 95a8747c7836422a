import type { IncomingMessage, ServerResponse } from 'node:http';

import { beforeEnd } from './node/before-end.ts';
import { HeldResponse } from './node/held-response.ts';
import { type Dispatch, NodeIncoming } from './node/node-incoming.ts';
import { NodeReplays } from './node/node-replays.ts';
import { replaceConditions } from './node/conditions-in-place.ts';
import { send, setHeaders } from './node/send.ts';
import type { ResponseCache } from './response-cache.ts';
import type { Turn } from './turn.ts';

/** What is used of a request of express. */
export interface ExpressRequest extends IncomingMessage {
  /** Path and query before any router has taken its part away. */
  readonly originalUrl: string;
  /** `http` or `https`, proxies that are trusted included. */
  readonly protocol: string;
  /** As the client named it, proxies that are trusted included. */
  readonly host: string;
  /** The application; background runs start at the outermost one. */
  readonly app: Dispatch;
}

/** A middleware of express. */
export type ExpressMiddleware<R> = (
  request: R,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Middleware for express 5 that answers from a response cache what comes after it. What comes before it, such as
 * authentication, runs for every request; put compression there too.
 *
 * A refresh in the background sends a request like the one that came through the whole application, without a client.
 */
export function expressResponseCache<R extends ExpressRequest>(
  responses: ResponseCache<R>,
): ExpressMiddleware<R> {
  const replays = new NodeReplays<R>();

  return (request, response, next) => {
    const incoming = incomingOf(request, replays);
    if (responses.invalidatedBy(incoming.method)) {
      beforeEnd(response, () => responses.invalidate(incoming, response.statusCode));
      return next();
    }
    const take = (turn: Turn): void => takeTurn(turn, request, response, next);
    const turn = replays.runFor(request, incoming) ?? responses.begin(incoming);
    if (turn instanceof Promise) turn.then(take, next);
    else take(turn);
  };
}

function takeTurn(
  turn: Turn,
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
): void {
  if (turn.kind === 'answer') return send(response, turn);
  setHeaders(response, turn.headers);
  if (turn.kind === 'pass') return next();
  new HeldResponse(response, turn, replaceConditions(request, turn.conditions)).takeOver();
  next();
}

function incomingOf<R extends ExpressRequest>(request: R, replays: NodeReplays<R>): NodeIncoming<R> {
  return new NodeIncoming({
    request,
    raw: request,
    origin: `${request.protocol}://${request.host}`,
    target: request.originalUrl,
    replays,
    dispatch: outermost(request.app),
  });
}

/** The application that a request enters first, where applications are mounted in others. */
function outermost(app: Dispatch & { readonly parent?: Dispatch }): Dispatch {
  return app.parent === undefined ? app : outermost(app.parent);
}
