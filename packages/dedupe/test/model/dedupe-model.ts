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
  state: 'flying' | 'landed' | 'abandoned';
}

/** Says what a dedupe does by looking at everybody who ever called, each time anew. */
export class DedupeModel {
  readonly flights: ModelFlight[] = [];
  readonly callers: ModelCaller[] = [];
  readonly #maxAgeMs: number;
  #now = 0;

  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
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
      flight = { key, startedAt: this.#now, listed: true, state: 'flying' };
      this.flights.push(flight);
    }
    this.callers.push({ flight, leavable, leavesAt: this.#now + deadlineMs, outcome: undefined });
  }

  land(flight: ModelFlight, outcome: string): void {
    for (const caller of this.#waiting(flight)) caller.outcome = outcome;
    if (flight.state === 'flying') flight.state = 'landed';
    flight.listed = false;
  }

  leave(caller: ModelCaller, outcome: string): void {
    if (caller.outcome !== undefined) return;
    caller.outcome = outcome;
    const { flight } = caller;
    if (this.#waiting(flight).length > 0) return;
    flight.state = 'abandoned';
    flight.listed = false;
  }

  forget(key: string): void {
    for (const flight of this.flights) if (flight.key === key) flight.listed = false;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const caller of this.callers) if (caller.leavesAt <= this.#now) this.leave(caller, 'deadline');
  }

  #waiting(flight: ModelFlight): ModelCaller[] {
    return this.callers.filter((caller) => caller.flight === flight && caller.outcome === undefined);
  }
}
