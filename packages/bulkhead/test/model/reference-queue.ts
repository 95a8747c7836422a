export interface Waiting {
  readonly id: number;
  readonly arrivedAt: number;
  readonly deadlineAt: number;
  readonly rank: number;
  readonly tenant: string;
}

/** How many turns tenants have in a round. */
export const weights: Readonly<Record<string, number>> = { '': 1, A: 1, B: 2, C: 3 };

interface Turn {
  readonly tenant: string;
  left: number;
}

/** Everybody who waits in one array, by arrival. Who is next is found by looking at all of it. */
export class ReferenceQueue {
  waiting: readonly Waiting[] = [];
  /** By rank, the tenants of the round in their order. */
  readonly #rounds: Turn[][] = [[], [], [], []];
  readonly #passedOver = [0, 0, 0, 0];
  readonly #patience: number;

  constructor(minShareRatio: number) {
    this.#patience = minShareRatio === 0 ? Infinity : Math.floor(1 / minShareRatio);
  }

  push(call: Waiting): void {
    const { rank, tenant } = call;
    if (this.#of(rank).length === 0) this.#passedOver[rank] = 0;
    if (!this.#round(rank).some((turn) => turn.tenant === tenant))
      this.#round(rank).push({ tenant, left: weights[tenant]! });
    this.waiting = [...this.waiting, call];
  }

  keep(isKept: (call: Waiting) => boolean): void {
    this.waiting = this.waiting.filter(isKept);
    for (const [rank, round] of this.#rounds.entries())
      this.#rounds[rank] = round.filter(({ tenant }) =>
        this.#of(rank).some((call) => call.tenant === tenant),
      );
  }

  take(end: 'newest' | 'oldest'): Waiting {
    const rank = this.#nextRank();
    const [turn] = this.#round(rank);
    const lane = this.#of(rank).filter(({ tenant }) => tenant === turn!.tenant);
    const taken = lane.at(end === 'newest' ? -1 : 0)!;
    turn!.left -= 1;
    this.keep((call) => call !== taken);
    if (turn!.left === 0 && lane.length > 1) {
      this.#rounds[rank] = [
        ...this.#round(rank).slice(1),
        { tenant: turn!.tenant, left: weights[turn!.tenant]! },
      ];
    }
    return taken;
  }

  #nextRank(): number {
    const ranks = [0, 1, 2, 3].filter((rank) => this.#of(rank).length > 0);
    for (const rank of ranks) this.#passedOver[rank]! += 1;
    const due = ranks.filter((rank) => this.#passedOver[rank]! >= this.#patience);
    const chosen = due.at(-1) ?? ranks[0]!;
    this.#passedOver[chosen] = 0;
    return chosen;
  }

  #of(rank: number): readonly Waiting[] {
    return this.waiting.filter((call) => call.rank === rank);
  }

  #round(rank: number): Turn[] {
    return this.#rounds[rank]!;
  }
}
