import type { IncomingMessage } from 'node:http';

import { HandlerFailedError } from '../errors.ts';
import type { HandlerResponse, HeaderPair } from '../handler-response.ts';
import type { Incoming, ReplayOrder } from '../incoming.ts';
import type { HandlerRun } from '../turn.ts';
import type { Dispatch } from './node-incoming.ts';
import { standInFor } from './stand-in.ts';

/**
 * Runs handlers of a server again without a client: a request like the one that came goes through everything that the
 * server does with a request, and is known again when it arrives at the cache.
 */
export class NodeReplays<R> {
  readonly #runs = new WeakMap<IncomingMessage, ReplayRun<R>>();

  /** The run that a request is a replay for, if it is one. */
  runFor(raw: IncomingMessage, incoming: Incoming<R>): HandlerRun | undefined {
    const run = this.#runs.get(raw);
    run?.arrive(incoming);
    return run;
  }

  async replay(
    original: IncomingMessage,
    order: ReplayOrder<R>,
    dispatch: Dispatch,
  ): Promise<HandlerResponse | undefined> {
    order.signal.throwIfAborted();
    const run = new ReplayRun(order);
    const { request, response, leave } = standInFor(original, order.conditions);
    this.#runs.set(request, run);
    order.signal.addEventListener('abort', leave, { once: true });
    response.once('close', () => run.leave());
    try {
      dispatch(request, response);
      return await run.response;
    } finally {
      order.signal.removeEventListener('abort', leave);
    }
  }
}

class ReplayRun<R> implements HandlerRun {
  readonly kind = 'run';
  readonly headers: readonly HeaderPair[] = [];
  readonly #order: ReplayOrder<R>;
  readonly #response = Promise.withResolvers<HandlerResponse | undefined>();

  constructor(order: ReplayOrder<R>) {
    this.#order = order;
  }

  get conditions(): readonly HeaderPair[] {
    return this.#order.conditions;
  }

  get maxBodyBytes(): number {
    return this.#order.maxBodyBytes;
  }

  get signal(): AbortSignal {
    return this.#order.signal;
  }

  get response(): Promise<HandlerResponse | undefined> {
    return this.#response.promise;
  }

  /** The request has come to the cache again. It is taken only if it is for the same response as before. */
  arrive(incoming: Incoming<R>): void {
    if (this.#order.isSame(incoming)) return;
    this.#response.reject(new HandlerFailedError('was given a request for another response'));
  }

  settle(response: HandlerResponse): undefined {
    this.#response.resolve(response);
  }

  pass(): void {
    this.#response.resolve(undefined);
  }

  async fail(error: unknown): Promise<undefined> {
    this.#response.reject(error);
  }

  leave(): void {
    this.#response.reject(new HandlerFailedError('was not reached, or did not answer'));
  }
}
