import type { Socket } from 'node:net';

/** How much is remembered of what a client has sent, in characters. */
const maxSent = 16_384;

/** A connection through a proxy. */
export class Passage {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of it were lost, so it cannot go on. */
  torn = false;
  #sent = '';
  #exchanges = 0;
  #answered = true;

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
  }

  /** How often the client has begun to ask after it had been answered: its round trips, if it asks one thing at a time. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** Whether the client has sent the text, of late, in whatever case. */
  hasSent(text: string): boolean {
    return this.#sent.includes(text.toLowerCase());
  }

  asks(chunk: Buffer): void {
    this.#sent = (this.#sent + chunk.toString('latin1').toLowerCase()).slice(-maxSent);
    if (this.#answered) this.#exchanges += 1;
    this.#answered = false;
  }

  isAnswered(): void {
    this.#answered = true;
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }
}
