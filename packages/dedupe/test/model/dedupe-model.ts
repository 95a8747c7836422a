/** A caller as the model sees it: `undefined` while it waits. */
export interface ModelCaller {
  readonly flight: ModelFlight;
  readonly leavesAt: number;
  readonly leavable: boolean;
  outcome: string | undefined;
}

export interface ModelFlight {
  readonly key: string;
  readonly startedAt: number;
  /** Whether newcomers may find it. */
  listed: boolean;
  /** When it is called off unless somebody comes. */
  offAt: number;
  state: 'flying' | 'landed' | 'abandoned';
}

/** Says what a dedupe does by looking at everybody who ever called, each time anew. */
export class DedupeModel {
  readonly flights: ModelFlight[] = [];
  readonly callers: ModelCaller[] = [];
  readonly #maxAgeMs: number;
  readonly #lingerMs: number;
  #now = 0;

  constructor(maxAgeMs: number, lingerMs: number) {
    this.#maxAgeMs = maxAgeMs;
    this.#lingerMs = lingerMs;
  }

  get inFlight(): number {
    return this.flights.filter((flight) => flight.listed).length;
  }

  call(key: string, leavable: boolean, deadlineMs: number): void {
    let flight = this.flights.find((each) => each.listed && each.key === key);
    if (flight !== undefined && this.#now - flight.startedAt >= this.#maxAgeMs) {
      flight.listed = false;
      flight = undefined;
    }
    if (flight === undefined) {
      flight = { key, startedAt: this.#now, listed: true, offAt: Infinity, state: 'flying' };
      this.flights.push(flight);
    }
    flight.offAt = Infinity;
    this.callers.push({ flight, leavable, leavesAt: this.#now + deadlineMs, outcome: undefined });
  }

  land(flight: ModelFlight, outcome: string): void {
    for (const caller of this.#waiting(flight)) caller.outcome = outcome;
    if (flight.state === 'flying') flight.state = 'landed';
    flight.listed = false;
    flight.offAt = Infinity;
  }

  leave(caller: ModelCaller, outcome: string): void {
    if (caller.outcome !== undefined) return;
    caller.outcome = outcome;
    const { flight } = caller;
    if (this.#waiting(flight).length > 0 || this.#lingerMs === Infinity) return;
    if (flight.listed && this.#lingerMs > 0) flight.offAt = this.#now + this.#lingerMs;
    else this.#callOff(flight);
  }

  forget(key: string): void {
    for (const flight of this.flights) if (flight.key === key) flight.listed = false;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (let at = this.#nextAt(); at <= until; at = this.#nextAt()) {
      this.#now = at;
      for (const caller of this.callers) if (caller.leavesAt <= at) this.leave(caller, 'deadline');
      for (const flight of this.flights) if (flight.offAt <= at) this.#callOff(flight);
    }
    this.#now = until;
  }

  #nextAt(): number {
    const waiting = this.callers.filter(({ outcome }) => outcome === undefined);
    return Math.min(
      ...waiting.map(({ leavesAt }) => leavesAt),
      ...this.flights.map(({ offAt }) => offAt),
      Infinity,
    );
  }

  #callOff(flight: ModelFlight): void {
    flight.state = 'abandoned';
    flight.listed = false;
    flight.offAt = Infinity;
  }

  #waiting(flight: ModelFlight): ModelCaller[] {
    return this.callers.filter((caller) => caller.flight === flight && caller.outcome === undefined);
  }
}
