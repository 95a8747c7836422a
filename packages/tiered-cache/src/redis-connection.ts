import type { Clock } from '@holdfast/core';

import { CacheDisposedError } from './errors.ts';
import { hushErrors, type RedisClient } from './redis-client.ts';

/** A client that we opened, and therefore close. */
interface OwnedClient extends RedisClient {
  disconnect(): void;
}

/** A client handed in, or one opened at a URL when first needed. */
export class RedisConnection {
  readonly clock: Clock;
  readonly #name: string;
  readonly #url: string | undefined;
  #client: RedisClient | Promise<RedisClient> | undefined;
  #release: () => void;
  #disposed = false;

  constructor(clientOrUrl: RedisClient | string, name: string, clock: Clock) {
    this.#name = name;
    this.clock = clock;
    this.#url = typeof clientOrUrl === 'string' ? clientOrUrl : undefined;
    this.#client = typeof clientOrUrl === 'string' ? undefined : clientOrUrl;
    this.#release = typeof clientOrUrl === 'string' ? nothing : hushErrors(clientOrUrl);
  }

  client(): RedisClient | Promise<RedisClient> {
    if (this.#disposed) throw new CacheDisposedError(this.#name);
    return (this.#client ??= this.#open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#release();
  }

  /**
   * A cache would rather miss than wait: while there is no connection commands fail at once, and none is sent again
   * on a new connection. The client keeps trying to connect in the background.
   */
  async #open(): Promise<RedisClient> {
    const { Redis } = await import('ioredis').catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    // Nobody would close a client that is made after the disposal.
    if (this.#disposed) throw new CacheDisposedError(this.#name);
    const client: OwnedClient & { connect(): Promise<void> } = new Redis(this.#url ?? '', {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
    });
    // For good: a client that is closed while it connects tells of that afterwards.
    hushErrors(client);
    this.#release = () => client.disconnect();
    await client.connect().catch(nothing);
    return client;
  }
}

function nothing(): void {
  // Commands on a client without a connection fail by themselves.
}
