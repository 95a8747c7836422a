import type { Band } from './band.ts';
import type { Waiter } from './waiter.ts';

/** The waiters of one tenant in one band, in the order of arrival: a linked list, open at both ends. */
export class Lane {
  readonly band: Band;
  readonly tenant: string;
  /** How many it admits in a round. */
  readonly weight: number;
  /** How many of them are left in this round; at least 1 between calls. */
  turns: number;
  oldest: Waiter | undefined = undefined;
  newest: Waiter | undefined = undefined;

  constructor(band: Band, tenant: string, weight: number) {
    this.band = band;
    this.tenant = tenant;
    this.weight = weight;
    this.turns = weight;
  }

  push(waiter: Waiter): void {
    waiter.lane = this;
    waiter.previous = this.newest;
    if (this.newest === undefined) this.oldest = waiter;
    else this.newest.next = waiter;
    this.newest = waiter;
  }

  /** @param waiter - One that is in this lane. */
  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.oldest = next;
    else previous.next = next;
    if (next === undefined) this.newest = previous;
    else next.previous = previous;
    waiter.previous = waiter.next = waiter.lane = undefined;
  }
}
