import type { Server } from './server.ts';

/** A server given by address. Others use it as well, so it cannot be stopped. */
export class GivenServer implements Server {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly controllable = false;
  readonly #origin: string;

  /** @param origin - The variable that holds the address. */
  constructor(url: string, origin: string, defaultPort: number) {
    const { hostname, port } = new URL(url);
    this.url = url;
    this.host = hostname;
    this.port = port === '' ? defaultPort : Number(port);
    this.#origin = origin;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<never> {
    return this.#refuse('stopped');
  }

  kill(): Promise<never> {
    return this.#refuse('killed');
  }

  pause(): Promise<never> {
    return this.#refuse('paused');
  }

  resume(): Promise<never> {
    return this.#refuse('resumed');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #refuse(what: string): Promise<never> {
    const reason = `the server of ${this.#origin} may be in use by others and cannot be ${what}`;
    return Promise.reject(new Error(`${reason}; ask for one with { controllable: true }`));
  }
}
