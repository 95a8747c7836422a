/** What is told to the server when a lease is settled. */
export interface Settlement {
  readonly charged: number;
  readonly chargedAt: number;
  readonly used: number;
  /** Of what is left, so much is held on to; the rest is given back. */
  readonly kept: number;
}

/**
 * What this process may spend of one limit without asking, as it was charged in advance.
 *
 * Invariant: what was charged is used, left, or given back. `charged` is never more than what the server counts for it.
 */
export class Lease {
  /** When it was charged, on the server's scale. */
  #chargedAt = Infinity;
  #charged = 0;
  /** Below 0 where more came back than was used since it was charged. */
  #used = 0;
  #expiresAt = -Infinity;

  get chargedAt(): number {
    return this.#chargedAt;
  }

  /** On the monotonic clock. What is left then may not be used any more. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  /** Nothing is owed to the server, and nothing has to come back from it. */
  get isSettled(): boolean {
    return this.#charged === 0 && this.#used === 0;
  }

  /** Three quarters of it are used. */
  get isLow(): boolean {
    return this.#charged - this.#used <= this.#charged / 4;
  }

  leftAt(now: number): number {
    return now < this.#expiresAt ? Math.max(0, this.#charged - this.#used) : 0;
  }

  /** Uses so much of what is left, or brings it back if negative. */
  use(cost: number): void {
    this.#used += cost;
  }

  /**
   * Corrects what a call was charged at an instant of the server, if that was since this lease was charged. Returns whether
   * it was.
   */
  correct(cost: number, chargedAt: number): boolean {
    if (this.isSettled || chargedAt < this.#chargedAt) return false;
    this.#used += cost;
    return true;
  }

  /** Gives up what is left beyond `wanted`, and returns what there is to settle. */
  settle(wanted: number): Settlement {
    if (this.#used < 0) {
      this.#charged -= this.#used;
      this.#used = 0;
    }
    const [charged, used] = [this.#charged, this.#used];
    const kept = Math.min(wanted, Math.max(0, charged - used));
    this.#charged = used + kept;
    return { charged, chargedAt: this.#chargedAt, used, kept };
  }

  /** The server has settled it, and charged what is granted at `chargedAt`. */
  renew({ used }: Settlement, granted: number, chargedAt: number, expiresAt: number): void {
    this.#charged = granted;
    this.#used -= used;
    this.#chargedAt = chargedAt;
    this.#expiresAt = expiresAt;
  }

  /** Nobody knows whether the server has settled it: what it counts for it stays counted. */
  abandon({ used }: Settlement): void {
    this.#charged = 0;
    this.#used -= used;
  }
}
