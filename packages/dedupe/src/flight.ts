import {
  type Cancel,
  CancellationSource,
  type Clock,
  type Criticality,
  type ExecuteOptions,
  Execution,
} from '@holdfast/core';

export interface FlightTerms {
  readonly key: string;
  /** Reading of the clock at the start; 0 where age does not matter. */
  readonly startedAt: number;
  /** Of the caller that starts it. */
  readonly options: ExecuteOptions | undefined;
  /** Whether that caller can leave, so that the flight can be called off. */
  readonly leavable: boolean;
  /** Reading of the clock at which that caller will have left; `undefined` without a deadline. */
  readonly endsAt: number | undefined;
  /** The flight in whose operation that caller runs, where this is known. */
  readonly outer: Flight | undefined;
}

/** One execution and everybody who waits for it; also the options that its operation starts from. */
export class Flight implements ExecuteOptions {
  readonly key: string;
  readonly startedAt: number;
  readonly tenant: string | undefined;
  readonly criticality: Criticality | undefined;
  /** Calls the operation off. Absent if the leader cannot leave, for then somebody waits to the end. */
  readonly cancellation: CancellationSource | undefined;
  /** Settles when the key is free again. Absent until the operation has returned, be it a promise. */
  outcome: Promise<unknown> | undefined;
  /** Those who wait now. */
  waiters = 1;
  /** Whether it ever had more callers than one. */
  shared = false;
  /** Whether the operation has settled: it can no longer be called off. */
  landed = false;
  /** Reading of the clock at which the last of its callers will have left; `undefined` while one has no deadline. */
  endsAt: number | undefined;
  /** Keeps it from being called off while it waits for another caller. */
  stopLingering: Cancel | undefined;
  #outer: Flight | undefined;

  constructor({ key, startedAt, options, leavable, endsAt, outer }: FlightTerms) {
    this.key = key;
    this.startedAt = startedAt;
    this.tenant = options?.tenant;
    this.criticality = options?.criticality;
    this.cancellation = leavable ? new CancellationSource() : undefined;
    this.endsAt = endsAt;
    this.#outer = outer;
  }

  /** What the operation is told. */
  contextOn(clock: Clock): Execution {
    return this.endsAt === undefined ? new Execution(this, clock) : new SharedTime(this, clock);
  }

  /** Whether `inner`, in whose operation a call is made, runs inside this flight's own operation. */
  encloses(inner: Flight | undefined): boolean {
    for (let each = inner; each !== undefined; each = each.#outer) if (each === this) return true;
    return false;
  }

  land(): void {
    this.landed = true;
    // What its operation has left running waits for nobody further out.
    this.#outer = undefined;
    this.stopLingering?.();
  }
}

/**
 * What remains of its time is what remains to the caller that waits longest, and grows when one joins that waits longer.
 * Policies inside see no deadline: theirs could not grow.
 */
class SharedTime extends Execution {
  readonly #flight: Flight;
  readonly #clock: Clock;

  constructor(flight: Flight, clock: Clock) {
    super(flight, clock);
    this.#flight = flight;
    this.#clock = clock;
  }

  override get deadlineMs(): undefined {
    return undefined;
  }

  override remainingMs(): number {
    const { endsAt } = this.#flight;
    return endsAt === undefined ? Infinity : Math.max(0, endsAt - this.#clock.now());
  }
}
