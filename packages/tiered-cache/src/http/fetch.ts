import { FetchIncoming } from './fetch/fetch-incoming.ts';
import {
  type FetchHandler,
  requestWith,
  responseOf,
  unread,
  wholeOf,
  withHeaders,
} from './fetch/fetch-messages.ts';
import type { ResponseCache } from './response-cache.ts';
import type { HandlerRun } from './turn.ts';

/**
 * A handler that answers from a response cache what it can, and asks `handler` for the rest.
 *
 * The signal of the request that `handler` gets aborts when nobody waits for the response any longer, not when one of
 * several clients leaves. So it gets a copy: what is known of a request by its identity, as in a `WeakMap`, does not
 * reach it. Put that into a header, and take the client's own out before.
 *
 * A body is read before it is passed on, as far as `maxBodyBytes`, but not a stream of events.
 */
export function cachedHandler(
  responses: ResponseCache<Request>,
  handler: FetchHandler,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const incoming = new FetchIncoming(request, handler);
    if (responses.invalidatedBy(request.method)) {
      const response = await handler(request);
      await responses.invalidate(incoming, response.status);
      return response;
    }
    const turn = await responses.begin(incoming);
    if (turn.kind === 'answer') return responseOf(turn, request.method);
    if (turn.kind === 'pass') return withHeaders(await handler(request), turn.headers);
    return runFor(request, handler, turn);
  };
}

async function runFor(request: Request, handler: FetchHandler, run: HandlerRun): Promise<Response> {
  try {
    const response = await handler(requestWith(request, run.conditions, run.signal));
    const whole = await wholeOf(response, run.maxBodyBytes);
    if (whole instanceof Response) {
      run.pass();
      return withHeaders(whole, run.headers);
    }
    const answer = await run.settle(whole);
    return answer === undefined
      ? withHeaders(unread(response, whole), run.headers)
      : responseOf(answer, request.method);
  } catch (error) {
    const answer = await run.fail(error);
    if (answer === undefined) throw error;
    return responseOf(answer, request.method);
  }
}
