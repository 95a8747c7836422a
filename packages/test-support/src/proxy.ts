import { once } from 'node:events';
import { connect, createServer, type Server as Listener, type Socket } from 'node:net';

import { Passage } from './passage.ts';
import { freePort } from './ports.ts';

/** Where a proxy leads: a server, or a port of this machine. */
export type ProxyTarget = number | { readonly host: string; readonly port: number };

/** Which connections are meant. */
export interface Scope {
  /** Those on which the client has sent this text of late, in whatever case. Defaults to all. */
  readonly sent?: string | undefined;
}

/** Answers that are kept back. */
interface Hold {
  readonly scope: Scope;
  readonly over: Promise<void>;
  readonly end: () => void;
  readonly answers: Map<Passage, number>;
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
  #swallowed: Scope | undefined;
  #hold: Hold | undefined;
  #delayMs = 0;

  constructor(target: { readonly host: string; readonly port: number }, port: number) {
    this.#target = target;
    this.port = port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#passages.size;
  }

  /** How many answers are kept back now; one that came in pieces counts as several. */
  held(scope: Scope = {}): number {
    const counted = [...(this.#hold?.answers ?? [])].filter(([passage]) => isMeant(passage, scope));
    return counted.reduce((sum, [, answers]) => sum + answers, 0);
  }

  /** How often clients have begun to ask after they had been answered, on the connections that are open now. */
  exchanges(scope: Scope = {}): number {
    const counted = [...this.#passages].filter((passage) => isMeant(passage, scope));
    return counted.reduce((sum, { exchanges }) => sum + exchanges, 0);
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
    for (const passage of this.#passages) passage.reset();
    await closed;
  }

  /** Accepts connections and whatever is sent, and forwards none of it. */
  blackhole(scope: Scope = {}): void {
    this.#swallowed = scope;
  }

  /** Keeps answers back until it heals, all of them then arriving at once. Questions are forwarded. */
  hold(scope: Scope = {}): void {
    this.#hold?.end();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hold = { scope, over: promise, end: resolve, answers: new Map() };
  }

  /** Holds each answer back for `ms` milliseconds, so that a round trip takes that much longer. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Ends every fault. Connections that lost bytes in a black hole are reset, as they cannot go on. */
  async heal(): Promise<void> {
    this.#swallowed = undefined;
    this.#hold?.end();
    this.#hold = undefined;
    this.#delayMs = 0;
    for (const passage of this.#passages) if (passage.torn) passage.reset();
    if (this.#listener !== undefined) return;
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#pass(client));
    await once(this.#listener.listen(this.port, this.host), 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #pass(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const passage = new Passage(client, server);
    this.#passages.add(passage);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => passage.reset());
      socket.on('close', () => {
        if (client.closed && server.closed) this.#passages.delete(passage);
      });
    }
    client.on('data', (chunk: Buffer) => passage.asks(chunk));
    this.#forward(passage, client, server, () => undefined);
    server.on('data', () => passage.isAnswered());
    this.#forward(passage, server, client, () => this.#wait(passage));
  }

  /** @param wait - What keeps back what has come now. */
  #forward(passage: Passage, from: Socket, to: Socket, wait: () => Promise<void> | undefined): void {
    let turn = Promise.resolve();
    // One after the other: what was sent later never arrives earlier, even if the delay shrinks meanwhile.
    const inTurn = (act: () => void): void => {
      const waited = wait();
      turn = turn.then(() => waited).then(act);
    };
    from.on('data', (chunk) => {
      if (this.#swallows(passage)) passage.torn = true;
      else inTurn(() => void (to.writable && to.write(chunk)));
    });
    from.on('end', () => {
      if (this.#swallows(passage)) passage.torn = true;
      else inTurn(() => void to.end());
    });
  }

  #swallows(passage: Passage): boolean {
    return this.#swallowed !== undefined && isMeant(passage, this.#swallowed);
  }

  #wait(passage: Passage): Promise<void> | undefined {
    const hold = this.#hold;
    if (hold !== undefined && isMeant(passage, hold.scope)) {
      hold.answers.set(passage, (hold.answers.get(passage) ?? 0) + 1);
      return hold.over;
    }
    return this.#delayMs === 0 ? undefined : pass(this.#delayMs);
  }
}

function isMeant(passage: Passage, { sent }: Scope): boolean {
  return sent === undefined || passage.hasSent(sent);
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
