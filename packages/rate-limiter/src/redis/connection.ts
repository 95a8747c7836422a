import type { RedisClient } from './client.ts';
import { codeOf } from './failure.ts';

interface OwnedClient extends RedisClient {
  disconnect(): void;
}

/** A client that was handed in, or one of our own, opened from a URL and closed by us. */
export class RedisConnection implements AsyncDisposable {
  readonly #url: string | undefined;
  #client: RedisClient | undefined;
  #opening: Promise<RedisClient> | undefined;
  #owned: OwnedClient | undefined;
  #closed = false;

  constructor(clientOrUrl: RedisClient | string) {
    if (typeof clientOrUrl !== 'string') {
      this.#client = clientOrUrl;
      return;
    }
    this.#url = clientOrUrl;
    // Whoever asks first hears of a failure.
    this.client().catch(() => undefined);
  }

  /** As ioredis tells it; `undefined` if the client does not. */
  get status(): string | undefined {
    if (this.#closed) return 'end';
    return this.#client === undefined ? 'wait' : this.#client.status;
  }

  /** The client, if there is one without waiting. */
  get opened(): RedisClient | undefined {
    return this.#client;
  }

  /** A failed opening is not kept: the next call tries again. */
  client(): Promise<RedisClient> {
    if (this.#client !== undefined) return Promise.resolve(this.#client);
    this.#opening ??= this.#open(this.#url as string).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    this.#owned?.disconnect();
  }

  async #open(url: string): Promise<RedisClient> {
    const { Redis } = await import('ioredis');
    // A charge whose fate is unknown must not be sent twice, nor long after its time.
    const client = new Redis(url, {
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // A master that became a replica: the address may lead to its successor by now.
      reconnectOnError: (error) => codeOf(error) === 'READONLY',
    });
    // Without a listener ioredis writes to the console; failures are told by the limiter's events.
    client.on('error', () => undefined);
    this.#client = this.#owned = client;
    return client;
  }
}
