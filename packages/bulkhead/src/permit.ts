/**
 * What an automatic limit learns from a slot: an answer that took its time, a sign of overload such as a timeout, or
 * nothing, as from an error that may have come early.
 */
export type PermitOutcome = 'success' | 'overload' | 'ignored';

/** A slot, held until released. Releasing it again does nothing. */
export interface Permit {
  /** @param outcome - Defaults to `'ignored'`. Makes no difference where the limit is a number. */
  release(outcome?: PermitOutcome): void;
  /** As `release()`. */
  [Symbol.dispose](): void;
}

/** Where a slot came from and goes back to. */
export interface SlotSource {
  release(startedAt: number, outcome: PermitOutcome): void;
}

export class HeldSlot implements Permit {
  readonly #source: SlotSource;
  readonly #startedAt: number;
  #held = true;

  constructor(source: SlotSource, startedAt: number) {
    this.#source = source;
    this.#startedAt = startedAt;
  }

  release(outcome: PermitOutcome = 'ignored'): void {
    if (!this.#held) return;
    this.#held = false;
    this.#source.release(this.#startedAt, outcome);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
