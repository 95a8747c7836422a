import type { RedisClient } from './client.ts';

/** A client that was handed in, or one of our own, opened from a URL when it is first needed and closed by us. */
export class RedisConnection {
  readonly #given: RedisClient | string;
  #opening: Promise<RedisClient & { disconnect(): void }> | undefined;

  constructor(clientOrUrl: RedisClient | string) {
    this.#given = clientOrUrl;
  }

  client(): Promise<RedisClient> {
    if (typeof this.#given !== 'string') return Promise.resolve(this.#given);
    return (this.#opening ??= open(this.#given));
  }

  async close(): Promise<void> {
    const client = await this.#opening?.catch(() => undefined);
    client?.disconnect();
  }
}

async function open(url: string): Promise<RedisClient & { disconnect(): void }> {
  const { Redis } = await import('ioredis');
  // A request whose time is over must not be sent later: what it asked for has been given up.
  const client = new Redis(url, { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
  // Without a listener ioredis writes to the console; failures are told by the events.
  client.on('error', () => undefined);
  return client;
}
