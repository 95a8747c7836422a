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
    // A first connection under way is waited for, so that none is left behind.
    await Promise.resolve(this.#client).catch(nothing);
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
    const client: OwnedClient & { connect(): Promise<void> } = new Redis(this.#url ?? '', {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
    });
    const unhush = hushErrors(client);
    this.#release = () => {
      client.disconnect();
      unhush();
    };
    await client.connect().catch(nothing);
    return client;
  }
}

function nothing(): void {
  // Commands on a client without a connection fail by themselves.
}
