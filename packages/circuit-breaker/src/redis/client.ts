/** The part of a Redis client that is called. `Redis` and `Cluster` of ioredis 5 and 6 fit, and so does iovalkey. */
export interface RedisClient {
  eval(script: string, keyCount: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

interface OwnedClient extends RedisClient {
  disconnect(): void;
}

/** A client that was handed in, or one of our own, opened from a URL at its first use and closed by us. */
export class RedisConnection {
  readonly #clientOrUrl: RedisClient | string;
  #owned: Promise<OwnedClient> | undefined;

  constructor(clientOrUrl: RedisClient | string) {
    this.#clientOrUrl = clientOrUrl;
  }

  async client(): Promise<RedisClient> {
    if (typeof this.#clientOrUrl !== 'string') return this.#clientOrUrl;
    return (this.#owned ??= open(this.#clientOrUrl));
  }

  async close(): Promise<void> {
    const owned = await this.#owned?.catch(() => undefined);
    owned?.disconnect();
  }
}

async function open(url: string): Promise<OwnedClient> {
  const { Redis } = await import('ioredis');
  // What could not be told now is told anew at the next exchange.
  const client = new Redis(url, { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
  // Without a listener ioredis writes to the console; failures are in the statistics.
  client.on('error', () => undefined);
  return client;
}
