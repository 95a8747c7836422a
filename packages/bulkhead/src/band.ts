import { Lane } from './lane.ts';
import type { Waiter } from './waiter.ts';

/** Which end of a lane is served. */
export type Order = 'oldest-first' | 'newest-first';

/**
 * The waiters of one criticality, shared out among tenants in rounds: in each, a tenant admits as many as its weight says.
 * That is deficit round robin where every call costs the same.
 *
 * Invariants: a lane exists only while somebody waits in it, so there are never more lanes than waiters and nothing has to
 * be evicted; of two tenants who both wait all the time, neither gets ahead by more than one round's share.
 *
 * @see Shreedhar and Varghese, "Efficient Fair Queuing Using Deficit Round-Robin", IEEE/ACM ToN 4(3), 1996
 */
export class Band {
  readonly #weightOf: (tenant: string) => number;
  /** By tenant; the order of insertion is the order of the round. */
  readonly #lanes = new Map<string, Lane>();
  /** The first of them: whose turn it is. */
  #current: Lane | undefined;

  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  get isEmpty(): boolean {
    return this.#current === undefined;
  }

  /** Tenants who wait. */
  get tenants(): number {
    return this.#lanes.size;
  }

  /** @throws What the weight of a tenant that did not wait yet throws; nothing has changed then. */
  push(waiter: Waiter, tenant: string): void {
    // Mostly there is one tenant, or none.
    let lane = this.#current?.tenant === tenant ? this.#current : this.#lanes.get(tenant);
    if (lane === undefined) {
      lane = new Lane(this, tenant, this.#weightOf(tenant));
      this.#lanes.set(tenant, lane);
      this.#current ??= lane;
    }
    lane.push(waiter);
  }

  /** Takes out whoever is next, where somebody waits, and counts the turn of the lane. */
  take(order: Order): Waiter {
    const lane = this.#current as Lane;
    const waiter = (order === 'oldest-first' ? lane.oldest : lane.newest) as Waiter;
    this.remove(waiter);
    lane.turns -= 1;
    if (lane.turns > 0 || lane.oldest === undefined) return waiter;
    lane.turns = lane.weight;
    if (this.#lanes.size === 1) return waiter;
    this.#lanes.delete(lane.tenant);
    this.#lanes.set(lane.tenant, lane);
    this.#current = firstOf(this.#lanes);
    return waiter;
  }

  /** @param waiter - One that is in this band. */
  remove(waiter: Waiter): void {
    const lane = waiter.lane as Lane;
    lane.remove(waiter);
    if (lane.oldest !== undefined) return;
    this.#lanes.delete(lane.tenant);
    if (this.#current === lane) this.#current = firstOf(this.#lanes);
  }
}

function firstOf(lanes: ReadonlyMap<string, Lane>): Lane | undefined {
  for (const lane of lanes.values()) return lane;
  return undefined;
}
