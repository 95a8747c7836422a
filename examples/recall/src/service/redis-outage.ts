import { type Cancel, type Clock, seconds, systemClock } from '@holdfast/core';
import type { Logger } from 'pino';

/** Who can notice that Redis is away: the connection itself, and those who wait for answers. */
export type RedisWitness = 'connection' | 'cache' | 'limiter';

/** All has to be well for so long before an outage counts as over; otherwise one that comes and goes fills the log. */
const calmMs = seconds(1);

/**
 * Tells of an outage of Redis once when it begins and once when it is over, whoever notices, and however often.
 *
 * Invariant: warnings and all-clears alternate, beginning with a warning.
 */
export class RedisOutage implements Disposable {
  readonly #server: string;
  readonly #log: Pick<Logger, 'warn' | 'info'>;
  readonly #clock: Clock;
  readonly #complaining = new Set<RedisWitness>();
  #told = false;
  #cancelAllClear: Cancel | undefined;

  /** @param server - Shown in the log. */
  constructor(server: string, log: Pick<Logger, 'warn' | 'info'>, clock: Clock = systemClock) {
    this.#server = server;
    this.#log = log;
    this.#clock = clock;
  }

  complain(witness: RedisWitness, error: unknown): void {
    this.#complaining.add(witness);
    this.#cancelAllClear?.();
    if (this.#told) return;
    this.#told = true;
    this.#log.warn(
      { server: this.#server, reason: reasonOf(error) },
      'redis cannot be used; the service runs without it',
    );
  }

  recover(witness: RedisWitness): void {
    if (!this.#complaining.delete(witness) || this.#complaining.size > 0) return;
    this.#cancelAllClear = this.#clock.schedule(() => this.#allClear(), calmMs, { background: true });
  }

  [Symbol.dispose](): void {
    this.#cancelAllClear?.();
  }

  #allClear(): void {
    this.#told = false;
    this.#log.info({ server: this.#server }, 'redis can be used again');
  }
}

/** A name with several addresses fails with an error for each, and with none of its own. */
function reasonOf(error: unknown): string {
  const { message, code } = error as { readonly message?: string; readonly code?: string };
  return message === undefined || message === '' ? (code ?? 'unknown') : message;
}
