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
  #signal: AbortSignal | undefined;

  constructor(options: NodeIncomingOptions<R>) {
    this.#options = options;
  }

  get request(): R {
    return this.#options.request;
  }

  get method(): string {
    // That of a request which a server got is never absent.
    return this.#options.raw.method as string;
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
    return (this.#signal ??= leftSignal(this.#options.response));
  }

  header(name: string): string | undefined {
    return this.#options.raw.headers[name]?.toString();
  }
}

/** Aborts when a client leaves before its response is complete, at once if it has. */
function leftSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    if (!response.writableEnded) controller.abort();
  };
  if (response.destroyed) leave();
  else response.once('close', leave);
  return controller.signal;
}
