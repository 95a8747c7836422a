import type { Clock } from '@holdfast/core';

import type { CircuitBreakerStatistics } from '../statistics.ts';

type Transition = keyof CircuitBreakerStatistics['transitions'];

/** How often the state has changed, when last, and how long the circuit was not closed. */
export class TransitionLog {
  readonly #clock: Clock;
  readonly #counts = { opened: 0, halfOpened: 0, closed: 0, isolated: 0 };
  #lastAt: number | undefined;
  /** Reading of the clock at which the circuit left closed; `undefined` while it is closed. */
  #leftClosedAt: number | undefined;
  #openMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param at - Reading of the clock, in the past if the breaker had to catch up. */
  add(transition: Transition, at: number): void {
    this.#counts[transition] += 1;
    this.#lastAt = this.#clock.epoch() - (this.#clock.now() - at);
    if (transition === 'closed') this.#close(at);
    else this.#leftClosedAt ??= at;
  }

  /** The circuit has been put into a state that it did not come to by itself: that is no transition. */
  resume(closed: boolean, at: number): void {
    if (closed) this.#close(at);
    else this.#leftClosedAt ??= at;
  }

  statistics(): Pick<CircuitBreakerStatistics, 'transitions' | 'openMs' | 'lastTransitionAt'> {
    return {
      transitions: { ...this.#counts },
      openMs: this.#openMsAt(this.#clock.now()),
      lastTransitionAt: this.#lastAt,
    };
  }

  #close(at: number): void {
    this.#openMs = this.#openMsAt(at);
    this.#leftClosedAt = undefined;
  }

  #openMsAt(at: number): number {
    return this.#openMs + (this.#leftClosedAt === undefined ? 0 : at - this.#leftClosedAt);
  }
}
