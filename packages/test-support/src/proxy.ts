import { once } from 'node:events';
import { connect, createServer, type Server as Listener, type Socket } from 'node:net';

import { freePort } from './ports.ts';

/** Where a proxy leads: a server, or a port of this machine. */
export type ProxyTarget = number | { readonly host: string; readonly port: number };

/** A connection through the proxy, and whether bytes of it were lost in a black hole. */
interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  torn: boolean;
}

/**
 * Starts a TCP proxy on a port of its own: the network between a client and a server, with its faults.
 */
export async function startProxy(target: ProxyTarget): Promise<Proxy> {
  const proxy = new Proxy(
    typeof target === 'number' ? { host: '127.0.0.1', port: target } : target,
    await freePort(),
  );
  await proxy.heal();
  return proxy;
}

/** A TCP proxy. At first it forwards everything at once. */
export class Proxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #passages = new Set<Passage>();
  #listener: Listener | undefined;
  #swallowing = false;
  #delayMs = 0;

  constructor(target: { readonly host: string; readonly port: number }, port: number) {
    this.#target = target;
    this.port = port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#passages.size;
  }

  /** The same URL through the proxy. */
  url(direct: string): string {
    const url = new URL(direct);
    url.hostname = this.host;
    url.port = String(this.port);
    return url.href.replace(/\/$/, direct.endsWith('/') ? '/' : '');
  }

  /** Resets the connections that exist and refuses new ones. */
  async cut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = listener === undefined ? undefined : once(listener.close(), 'close');
    for (const passage of this.#passages) this.#reset(passage);
    await closed;
  }

  /** Accepts connections and whatever is sent, and forwards none of it. */
  blackhole(): void {
    this.#swallowing = true;
  }

  /** Holds each answer back for `ms` milliseconds, so that a round trip takes that much longer. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Ends every fault. Connections that lost bytes in a black hole are reset, as they cannot go on. */
  async heal(): Promise<void> {
    this.#swallowing = false;
    this.#delayMs = 0;
    for (const passage of this.#passages) if (passage.torn) this.#reset(passage);
    if (this.#listener !== undefined) return;
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#pass(client));
    await once(this.#listener.listen(this.port, this.host), 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #pass(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const passage = { client, server, torn: false };
    this.#passages.add(passage);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.#reset(passage));
      socket.on('close', () => {
        if (client.closed && server.closed) this.#passages.delete(passage);
      });
    }
    this.#forward(passage, client, server, () => 0);
    this.#forward(passage, server, client, () => this.#delayMs);
  }

  #forward(passage: Passage, from: Socket, to: Socket, delayMs: () => number): void {
    let turn = Promise.resolve();
    // One after the other: what was sent later never arrives earlier, even if the delay shrinks meanwhile.
    const inTurn = (act: () => void): void => {
      const dueAt = performance.now() + delayMs();
      turn = turn.then(() => sleepUntil(dueAt)).then(act);
    };
    from.on('data', (chunk) => {
      if (this.#swallowing) passage.torn = true;
      else inTurn(() => void (to.writable && to.write(chunk)));
    });
    from.on('end', () => {
      if (this.#swallowing) passage.torn = true;
      else inTurn(() => void to.end());
    });
  }

  #reset({ client, server }: Passage): void {
    client.resetAndDestroy();
    server.resetAndDestroy();
  }
}

async function sleepUntil(dueAt: number): Promise<void> {
  const restMs = dueAt - performance.now();
  if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
}
