import { object, wholeNumber } from '@holdfast/core';
import type { Ledger, LimitPlan, RateLimitStore } from '../store.ts';
import { MemoryLedger } from './memory-ledger.ts';
import type { Shelf } from './shelf.ts';

/** A map of the engine holds 2^24 entries at most. */
const mostSubjects = 2 ** 24 - 1;

export interface MemoryStoreOptions {
  /**
   * Most subjects held per limiter and scope; a whole number from 1 to 2²⁴−1. Defaults to 100,000. When more of them
   * count at once, the one whose spending runs out first, of a sample of 16, is forgotten.
   */
  readonly maxSubjects?: number | undefined;
}

/** Keeps the counts in this process. Decides synchronously, holds a bounded number of subjects and no timer. */
export class MemoryStore implements RateLimitStore {
  readonly #maxSubjects: number;
  readonly #shelves = new Map<string, Map<string, Shelf>>();

  constructor(options: MemoryStoreOptions = {}) {
    object('options', options);
    this.#maxSubjects = wholeNumber('maxSubjects', options.maxSubjects ?? 100_000, 1, mostSubjects);
  }

  open({ name, rules, clock }: LimitPlan): Ledger {
    let shelves = this.#shelves.get(name);
    if (shelves === undefined) this.#shelves.set(name, (shelves = new Map()));
    return new MemoryLedger(clock, rules, this.#maxSubjects, shelves);
  }
}
