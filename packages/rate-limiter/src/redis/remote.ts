import type { Clock } from '@holdfast/core';
import { RateLimitStoreError } from '../errors.ts';
import type { RedisConnection } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import { failureOf } from './failure.ts';
import type { RedisScript } from './script.ts';

/** How a run came out: its reply, or what went wrong. */
export type Outcome = { readonly reply: unknown } | { readonly failure: RateLimitStoreError };

export interface RemoteOptions {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Whose clock counts. */
  readonly time: 'server' | 'client';
}

/** Runs scripts on the server: each once, as what it did is unknown when it fails, and within `timeoutMs`. */
export class Remote {
  readonly #options: RemoteOptions;
  readonly #deadlines: Deadlines;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock, options.timeoutMs);
  }

  /**
   * The instant goes behind the arguments if the callers' clocks count. Calls `done` once, with what came first; what comes
   * later is dropped.
   */
  run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    done: (outcome: Outcome) => void,
  ): void {
    const { connection, clock, timeoutMs, time } = this.#options;
    let waiting = true;
    const settle = (outcome: Outcome): void => {
      if (!waiting) return;
      waiting = false;
      this.#deadlines.end(deadline);
      done(outcome);
    };
    const deadline = this.#deadlines.begin(() =>
      settle({ failure: new RateLimitStoreError(`the store did not answer within ${timeoutMs} ms`) }),
    );
    // Microseconds since 1970.
    const timed = time === 'client' ? [...args, Math.round(clock.epoch() * 1_000)] : args;
    const { opened } = connection;
    const reply =
      opened === undefined
        ? connection.client().then((client) => script.run(client, keys, timed))
        : script.run(opened, keys, timed);
    reply.then(
      (answer) => settle({ reply: answer }),
      (error: unknown) => settle({ failure: failureOf(error) }),
    );
  }
}
