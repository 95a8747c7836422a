import type { IncomingMessage, ServerResponse } from 'node:http';

import type { HandlerResponse } from '../handler-response.ts';
import type { Incoming, ReplayOrder } from '../incoming.ts';
import type { NodeReplays } from './node-replays.ts';

/** Brings a request to the handlers of a server. */
export type Dispatch = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface NodeIncomingFacts<R> {
  /** The framework's. */
  readonly request: R;
  readonly raw: IncomingMessage;
  readonly origin: string;
  readonly target: string;
  readonly replays: NodeReplays<R>;
  readonly dispatch: Dispatch;
}

/** A request that came over Node.js. */
export class NodeIncoming<R> implements Incoming<R> {
  readonly #facts: NodeIncomingFacts<R>;

  constructor(facts: NodeIncomingFacts<R>) {
    this.#facts = facts;
  }

  get request(): R {
    return this.#facts.request;
  }

  get method(): string {
    return String(this.#facts.raw.method);
  }

  get origin(): string {
    return this.#facts.origin;
  }

  get target(): string {
    return this.#facts.target;
  }

  header(name: string): string | undefined {
    const value = this.#facts.raw.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  replay(order: ReplayOrder<R>): Promise<HandlerResponse | undefined> {
    const { raw, replays, dispatch } = this.#facts;
    return replays.replay(raw, order, dispatch);
  }
}
