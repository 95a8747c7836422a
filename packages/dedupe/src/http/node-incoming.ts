import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Incoming } from './incoming.ts';

export interface NodeIncomingOptions<R> {
  readonly request: R;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly host: string;
  readonly target: string;
  readonly body: unknown;
}

/** A request of Node.js. */
export class NodeIncoming<R> implements Incoming<R> {
  readonly #options: NodeIncomingOptions<R>;
  #controller: AbortController | undefined;

  constructor(options: NodeIncomingOptions<R>) {
    this.#options = options;
  }

  get request(): R {
    return this.#options.request;
  }

  get method(): string {
    return this.#options.raw.method ?? '';
  }

  get host(): string {
    return this.#options.host;
  }

  get target(): string {
    return this.#options.target;
  }

  get body(): unknown {
    return this.#options.body;
  }

  get hasBody(): boolean {
    const { headers } = this.#options.raw;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController());
      const { response } = this.#options;
      const leave = (): void => {
        if (!response.writableEnded) controller.abort(new Error('the client has left'));
      };
      if (response.destroyed) leave();
      else response.once('close', leave);
    }
    return this.#controller.signal;
  }

  header(name: string): string | undefined {
    const value = this.#options.raw.headers[name];
    return value === undefined || typeof value === 'string' ? value : value.join(', ');
  }
}
