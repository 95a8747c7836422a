import { type Criticality, oneOf } from '@holdfast/core';

import { Arrivals } from './arrivals.ts';
import { Band, type Order } from './band.ts';
import type { Lane } from './lane.ts';
import type { Waiter } from './waiter.ts';

/** From the first to be served to the last. */
const criticalities = ['critical', 'normal', 'degradable', 'sheddable'] as const satisfies Criticality[];

/**
 * Everybody who waits, and who of them is next: the most critical first, tenants in turn within one criticality.
 *
 * Invariant: a band in which somebody waits gets a slot at the latest when so many as `1 / minShareRatio` were given, so
 * that the least critical wait longer but not for ever. Where several bands are due at once, the lowest goes first.
 */
export class Backlog {
  readonly #arrivals = new Arrivals();
  readonly #bands: readonly Band[];
  /** How many slots each band has seen go to others since it got one or was empty. */
  readonly #passedOver: number[] = criticalities.map(() => 0);
  readonly #patience: number;

  constructor(minShareRatio: number, weightOf: (tenant: string) => number) {
    this.#bands = criticalities.map(() => new Band(weightOf));
    this.#patience = Math.floor(1 / minShareRatio);
  }

  get size(): number {
    return this.#arrivals.size;
  }

  get oldest(): Waiter | undefined {
    return this.#arrivals.oldest;
  }

  get newest(): Waiter | undefined {
    return this.#arrivals.newest;
  }

  /** Tenants who wait, each counted once per criticality. */
  get tenants(): number {
    return this.#bands.reduce((sum, band) => sum + band.tenants, 0);
  }

  /** @throws {InvalidOptionError} for a criticality or weight that is none; nothing has changed then. */
  push(waiter: Waiter): void {
    const { criticality, tenant } = waiter.execution;
    const rank = criticality === undefined ? 1 : rankOf(criticality);
    const band = this.#bands[rank] as Band;
    if (band.isEmpty) this.#passedOver[rank] = 0;
    band.push(waiter, tenant ?? '');
    this.#arrivals.push(waiter);
  }

  /** Takes out whoever is next. */
  take(order: Order): Waiter | undefined {
    if (this.#arrivals.size === 0) return undefined;
    const waiter = this.#nextBand().take(order);
    this.#arrivals.remove(waiter);
    return waiter;
  }

  /** @param waiter - One that waits here. */
  remove(waiter: Waiter): void {
    (waiter.lane as Lane).band.remove(waiter);
    this.#arrivals.remove(waiter);
  }

  #nextBand(): Band {
    const passedOver = this.#passedOver;
    let chosen = -1;
    for (let rank = 0; rank < criticalities.length; rank += 1) {
      if ((this.#bands[rank] as Band).isEmpty) continue;
      const turn = ((passedOver[rank] as number) += 1);
      if (chosen === -1 || turn >= this.#patience) chosen = rank;
    }
    passedOver[chosen] = 0;
    return this.#bands[chosen] as Band;
  }
}

function rankOf(criticality: Criticality): number {
  return criticalities.indexOf(oneOf('criticality', criticality, criticalities));
}
