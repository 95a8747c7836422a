import type { ResolvedCircuitBreakerOptions } from '../options.ts';
import { type OutcomeWindow, outcomeWindow } from '../window/outcome-window.ts';
import { InFlight } from './in-flight.ts';
import type { RecoveryRamp } from './recovery-ramp.ts';

/** One stay in closed. */
export class Closed {
  readonly kind = 'closed';
  /** Reading of the clock. */
  readonly sinceAt: number;
  /** `undefined` unless slow calls count. */
  readonly inFlight: InFlight | undefined;
  /** `undefined` once everybody is let through. */
  ramp: RecoveryRamp | undefined;
  readonly #options: ResolvedCircuitBreakerOptions;
  #window: OutcomeWindow | undefined;

  constructor(sinceAt: number, options: ResolvedCircuitBreakerOptions) {
    this.sinceAt = sinceAt;
    this.inFlight = options.slow === undefined ? undefined : new InFlight();
    this.#options = options;
  }

  /** Made at the first call: it is the larger part of a breaker. */
  get window(): OutcomeWindow {
    return (this.#window ??= outcomeWindow(this.#options.window));
  }
}
