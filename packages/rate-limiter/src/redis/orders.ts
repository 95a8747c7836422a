import type { LimitRule } from '../store.ts';

/** What was done to a subject by hand in an outage: it was reset, then unblocked, then blocked, each if at all. */
export interface Order {
  readonly scope: string;
  readonly subject: string;
  resets: 'all' | ReadonlySet<LimitRule> | undefined;
  unblocks: boolean;
  /** 0 if it was not blocked since. */
  blockedUntil: number;
}

/** What there is to tell the store after an outage about at most `maxOrders` subjects; later ones are forgotten. */
export class Orders {
  readonly #maxOrders: number;
  readonly #orders = new Map<string, Order>();

  constructor(maxOrders: number) {
    this.#maxOrders = maxOrders;
  }

  get size(): number {
    return this.#orders.size;
  }

  has(scope: string, subject: string): boolean {
    return this.#orders.has(keyOf(scope, subject));
  }

  /** A longer block stays; 0 ends one. */
  block(scope: string, subject: string, forMs: number, now: number): void {
    const order = this.#find(scope, subject);
    if (order === undefined) return;
    if (forMs === 0) order.unblocks = true;
    order.blockedUntil = forMs === 0 ? 0 : Math.max(order.blockedUntil, now + forMs);
  }

  /** @param rules - `undefined` for all that is known of the subject, with its block. */
  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void {
    const order = this.#find(scope, subject);
    if (order === undefined) return;
    if (rules === undefined) Object.assign(order, { resets: 'all', unblocks: false, blockedUntil: 0 });
    else if (order.resets !== 'all') order.resets = new Set([...(order.resets ?? []), ...rules]);
  }

  /** Removes up to `count`. */
  take(count: number): readonly Order[] {
    const taken: Order[] = [];
    for (const [key, order] of this.#orders) {
      if (taken.length === count) break;
      this.#orders.delete(key);
      taken.push(order);
    }
    return taken;
  }

  #find(scope: string, subject: string): Order | undefined {
    const key = keyOf(scope, subject);
    let order = this.#orders.get(key);
    if (order === undefined && this.#orders.size < this.#maxOrders) {
      order = { scope, subject, resets: undefined, unblocks: false, blockedUntil: 0 };
      this.#orders.set(key, order);
    }
    return order;
  }
}

function keyOf(scope: string, subject: string): string {
  return JSON.stringify([scope, subject]);
}
