import type { HandlerResponse } from '../handler-response.ts';
import type { Incoming, ReplayOrder } from '../incoming.ts';
import { type FetchHandler, requestWith, wholeOf } from './fetch-messages.ts';

/** A request in the style of fetch. */
export class FetchIncoming implements Incoming<Request> {
  readonly request: Request;
  readonly origin: string;
  readonly target: string;
  readonly #handler: FetchHandler;

  constructor(request: Request, handler: FetchHandler) {
    const { origin, pathname, search } = new URL(request.url);
    this.request = request;
    this.origin = origin;
    this.target = pathname + search;
    this.#handler = handler;
  }

  get method(): string {
    return this.request.method;
  }

  get signal(): AbortSignal {
    return this.request.signal;
  }

  header(name: string): string | undefined {
    return this.request.headers.get(name) ?? undefined;
  }

  async replay({
    conditions,
    signal,
    maxBodyBytes,
  }: ReplayOrder<Request>): Promise<HandlerResponse | undefined> {
    const response = await this.#handler(requestWith(this.request, conditions, signal));
    const whole = await wholeOf(response, maxBodyBytes);
    if (!(whole instanceof Response)) return whole;
    await whole.body?.cancel();
    return undefined;
  }
}
