/** One trial call under way. */
export interface Probe {
  /** Reading of the clock from which it counts as failed, whatever becomes of it. */
  readonly leaseEndsAt: number;
}

export interface ProbeRoundTerms {
  readonly calls: number;
  readonly maxFailures: number;
  readonly leaseMs: number;
}

/**
 * The trial calls of one stay in half-open.
 *
 * Invariants:
 * - calls under way and calls that succeeded or failed are together at most `calls`;
 * - the round is decided as soon as its result is certain, and at the latest when the leases end: while there is no
 *   room, `lostAt` is finite.
 *
 * A probe whose lease has ended stays among those under way: its lease end counts for it, and nothing else does.
 */
export class ProbeRound {
  readonly #terms: ProbeRoundTerms;
  /** In the order of their lease ends. */
  readonly #running: Probe[] = [];
  #successes = 0;
  #failures = 0;

  constructor(terms: ProbeRoundTerms) {
    this.#terms = terms;
  }

  get hasRoom(): boolean {
    return this.#running.length + this.#successes + this.#failures < this.#terms.calls;
  }

  /** Those whose lease has not ended: nobody has to wait for the others. */
  underWayAt(now: number): number {
    return this.#running.filter(({ leaseEndsAt }) => now < leaseEndsAt).length;
  }

  /** When ended leases alone will have failed the round; `Infinity` if those under way are too few for that. */
  get lostAt(): number {
    return this.#running[this.#terms.maxFailures - this.#failures]?.leaseEndsAt ?? Infinity;
  }

  begin(now: number): Probe {
    const probe = { leaseEndsAt: now + this.#terms.leaseMs };
    this.#running.push(probe);
    return probe;
  }

  /** Ends a probe within its lease, and tells what the round has come to. */
  end(
    probe: Probe,
    verdict: 'success' | 'failure' | 'ignore',
    now: number,
  ): 'undecided' | 'recovered' | 'failed' {
    this.#running.splice(this.#running.indexOf(probe), 1);
    if (verdict === 'success') this.#successes += 1;
    if (verdict === 'failure') this.#failures += 1;
    const { calls, maxFailures } = this.#terms;
    // One failure more may be all that ended leases had left to the round.
    if (this.#failures > maxFailures || now >= this.lostAt) return 'failed';
    return this.#successes >= calls - maxFailures ? 'recovered' : 'undecided';
  }
}
