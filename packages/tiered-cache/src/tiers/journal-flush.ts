import type { Cancel, Clock } from '@holdfast/core';

import type { Journal } from './journal.ts';
import type { Tombstone } from './tier-write.ts';
import type { WriteOrder } from './write-order.ts';

/** How long after a write that was not taken the tier is tried again, in milliseconds, and how many names at once. */
const flushMs = 1_000;
const flushNames = 100;

/** What makes good on a debt. None of them rejects; what is not taken is owed again. */
export interface Debtor {
  delete(key: string, tombstone: Tombstone | undefined): Promise<unknown>;
  invalidateTags(tags: readonly string[], change: 'delete-tags'): Promise<unknown>;
  clear(): Promise<unknown>;
}

/**
 * Makes good what a tier is owed, as removals, in the order clear, keys, tags; each stops where something is not taken
 * again. A write that is late but may still land is not repeated.
 *
 * Invariant: there is a timer exactly while something is owed and no flush runs.
 */
export class JournalFlush {
  readonly #debtor: Debtor;
  readonly #keys: Journal;
  readonly #tags: Journal;
  readonly #order: WriteOrder;
  readonly #clock: Clock;
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(debtor: Debtor, keys: Journal, tags: Journal, order: WriteOrder, clock: Clock) {
    this.#debtor = debtor;
    this.#keys = keys;
    this.#tags = tags;
    this.#order = order;
    this.#clock = clock;
  }

  later(delayMs: number = flushMs): void {
    if (this.#closed || this.#cancel !== undefined || !this.#owes()) return;
    this.#cancel = this.#clock.schedule(() => void this.#flush(), delayMs, { background: true });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #flush(): Promise<void> {
    this.#cancel = undefined;
    if (this.#keys.owesClear && !this.#order.allLate) await this.#debtor.clear();
    const keys = this.#keys.keys().filter((key) => !this.#order.isLate(key));
    while (keys.length > 0 && !this.#stopped()) {
      const some = keys.splice(0, flushNames);
      await Promise.all(some.map((key) => this.#debtor.delete(key, this.#keys.tombstoneOf(key))));
    }
    const tags = this.#tags.keys();
    while (tags.length > 0 && !this.#stopped())
      await this.#debtor.invalidateTags(tags.splice(0, flushNames), 'delete-tags');
    this.later();
  }

  #owes(): boolean {
    return !this.#keys.empty || !this.#tags.empty;
  }

  /** Whether something was not taken meanwhile: it has scheduled the next flush. */
  #stopped(): boolean {
    return this.#closed || this.#cancel !== undefined;
  }
}
