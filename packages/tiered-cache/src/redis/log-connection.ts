import { CancellationSource } from '@holdfast/core';

import { CacheDisposedError } from '../errors.ts';
import type { RedisConnection } from './connection.ts';
import type { OwnCommands } from './client.ts';
import { duplicateOf } from './duplicate.ts';
import { LogTimeoutError } from './errors.ts';
import { within } from './within.ts';

/** One attempt to have a connection. */
interface Link {
  readonly ready: Promise<OwnCommands>;
  close(): void;
}

/**
 * A connection of its own for readings that wait. Opened when first needed; after any failure, and after an answer that
 * did not come in time, it is closed, and the next question opens another. So a connection that died without a word costs
 * one reading, and one to a server that is no longer the primary is not kept.
 */
export class LogConnection {
  readonly #connection: RedisConnection;
  readonly #onDispose: () => void;
  /** Ends what is asked: a client that is closed while it connects may never tell. */
  readonly #disposal = new CancellationSource();
  #link: Link | undefined;

  constructor(connection: RedisConnection, onDispose: () => void) {
    this.#connection = connection;
    this.#onDispose = onDispose;
  }

  /** @throws {LogTimeoutError} After `timeoutMs`, whatever the connection does. */
  async ask<T>(question: (client: OwnCommands) => Promise<T>, timeoutMs: number): Promise<T> {
    const { name, clock } = this.#connection;
    this.#checkOpen();
    const link = (this.#link ??= this.#open());
    try {
      const answer = link.ready.then(question);
      const late = (): Error => new LogTimeoutError(name, timeoutMs);
      return await within(timeoutMs, answer, clock, late, this.#disposal);
    } catch (error) {
      this.#drop(link);
      this.#checkOpen();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#onDispose();
    if (this.#link !== undefined) this.#drop(this.#link);
    this.#disposal.cancel(new CacheDisposedError(this.#connection.name));
  }

  #checkOpen(): void {
    if (this.#disposal.cancelled) throw this.#disposal.reason;
  }

  #open(): Link {
    let client: OwnCommands | undefined;
    let closed = false;
    /** Asked anew after each wait. */
    const isClosed = (): boolean => closed;
    const connect = async (): Promise<OwnCommands> => {
      const original = await this.#connection.client();
      // Nobody would close a client that is made after the link was given up.
      if (isClosed()) throw new CacheDisposedError(this.#connection.name);
      client = duplicateOf(original);
      client.on('error', ignore);
      await client.connect();
      if (!isClosed()) return client;
      // It may have connected all the same.
      client.disconnect();
      throw new CacheDisposedError(this.#connection.name);
    };
    return {
      ready: connect(),
      close: () => {
        closed = true;
        client?.disconnect();
      },
    };
  }

  #drop(link: Link): void {
    link.close();
    if (this.#link === link) this.#link = undefined;
  }
}

function ignore(): void {
  // Each command that fails rejects by itself.
}
