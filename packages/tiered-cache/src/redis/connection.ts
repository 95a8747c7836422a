import type { Clock } from '@holdfast/core';

import { CacheDisposedError } from '../errors.ts';
import { type Commands, hushErrors } from './client.ts';
import { ioRedis } from './io-redis.ts';
import { LogConnection } from './log-connection.ts';

/** A client handed in, or one opened at a URL when first needed; and the connections for logs that go with it. */
export class RedisConnection {
  readonly name: string;
  readonly clock: Clock;
  readonly #url: string | undefined;
  readonly #logs = new Set<LogConnection>();
  #client: Commands | Promise<Commands> | undefined;
  #release: () => void;
  #disposed = false;

  constructor(clientOrUrl: Commands | string, name: string, clock: Clock) {
    this.name = name;
    this.clock = clock;
    this.#url = typeof clientOrUrl === 'string' ? clientOrUrl : undefined;
    this.#client = typeof clientOrUrl === 'string' ? undefined : clientOrUrl;
    this.#release = typeof clientOrUrl === 'string' ? nothing : hushErrors(clientOrUrl);
  }

  client(): Commands | Promise<Commands> {
    if (this.#disposed) throw new CacheDisposedError(this.name);
    return (this.#client ??= this.#open());
  }

  /** A connection for the readings of one log. It is closed with this one, if not before. */
  forLog(): LogConnection {
    const log = new LogConnection(this, () => this.#logs.delete(log));
    this.#logs.add(log);
    return log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const log of this.#logs) log[Symbol.dispose]();
    this.#release();
  }

  /**
   * A cache would rather miss than wait: while there is no connection commands fail at once, and none is sent again
   * on a new connection. The client keeps trying to connect in the background.
   */
  async #open(): Promise<Commands> {
    const { Redis } = await import('ioredis').catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    });
    // Nobody would close a client that is made after the disposal.
    if (this.#disposed) throw new CacheDisposedError(this.name);
    const opened = new Redis(this.#url ?? '', {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
    });
    const client = ioRedis(opened as unknown as Commands);
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
