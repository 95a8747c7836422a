import {
  type Cancellation,
  DeadlineExceededError,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';

import type { Admission } from './circuit/admission.ts';
import { Circuit } from './circuit/circuit.ts';
import type { CircuitState, ProbeGate } from './circuit/state.ts';
import { Turnstile } from './circuit/turnstile.ts';
import { CircuitOpenError } from './errors.ts';
import type { CircuitBreakerEvent } from './events.ts';
import { type CircuitBreakerChanges, type CircuitBreakerOptions, resolveOptions } from './options.ts';
import type { Permit } from './permit.ts';
import { refused } from './refused.ts';
import { checkedSnapshot, type CircuitBreakerSnapshot } from './snapshot.ts';
import type { CircuitBreakerStatistics } from './statistics.ts';

const noOptions: CircuitBreakerOptions = Object.freeze({});

/**
 * Refuses calls to a dependency that fails, and lets a few trial calls find out when it is back.
 *
 * Invariants, true whenever no method is on the stack:
 * - each transition begins a new epoch, and the result of a call admitted in an older one only counts as stale;
 * - nothing is admitted while open or isolated, and the trial calls of one half-open round, under way and decided,
 *   are at most `halfOpen.calls`;
 * - a half-open round is decided by the time its leases have ended, whatever becomes of its calls;
 * - only `minCalls` in the window or overdue, a failed round or `isolate()` lead out of closed or half-open to where
 *   calls are refused;
 * - calls that are ignored open nothing and close nothing.
 *
 * There is no timer in any state: what time brings about is seen at once by whoever looks, and done at the next call.
 *
 * A program that runs operations itself, such as a pipeline, needs four members, all synchronous: `admitting` for a look
 * beforehand, `tryAcquire()` to admit a call, and `fulfilled` or `rejected` of the permit to settle it. Together they
 * are what `execute` does, less its promise; none of them allocates.
 *
 * @see Release It! 2nd ed. (2018), "Circuit Breaker"
 */
export class CircuitBreaker implements Policy {
  readonly #circuit: Circuit;
  readonly #turnstile: Turnstile;
  #given: CircuitBreakerOptions;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: CircuitBreakerOptions = noOptions) {
    this.#given = options;
    this.#circuit = new Circuit(resolveOptions(options));
    this.#turnstile = new Turnstile(this.#circuit);
  }

  get name(): string {
    return this.#circuit.options.name;
  }

  /** The state that a call would meet now. Looking changes nothing. */
  get state(): CircuitState {
    return this.#circuit.outwardState;
  }

  /**
   * Whether a call would be admitted now. Looking changes nothing. Only a call finds out whether too many others are
   * overdue, or whether a recovery ramp lets it through.
   */
  get admitting(): boolean {
    return this.#circuit.plain || this.#circuit.view.admitting;
  }

  /** Milliseconds until it makes sense to ask again: 0 while admitting, `undefined` while isolated. */
  get retryAfterMs(): number | undefined {
    return this.#circuit.view.retryAfterMs;
  }

  get events(): EventSource<CircuitBreakerEvent> {
    return this.#circuit.events;
  }

  /**
   * Runs `operation` if the circuit lets it through, and learns from how it ends.
   *
   * Always waits for the operation to settle: it has the caller's signal, and leaving early is for a policy further out.
   * A call that throws after it was cancelled is ignored.
   *
   * @throws {CircuitOpenError} when the circuit does not let it through.
   * @throws {DeadlineExceededError} when the call's deadline passed before the start.
   * @throws The signal's reason, when it aborted before the start.
   * @throws What `classify` throws; the call is then ignored.
   */
  execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    let execution: Execution;
    let cancellation: Cancellation | undefined;
    let admission: Admission | undefined;
    try {
      if (options !== undefined) throwIfCancelled(options);
      execution =
        options instanceof Execution ? options : new Execution(options, this.#circuit.options.clock);
      if (execution.remainingMs() === 0) throw new DeadlineExceededError(this.name);
      cancellation = execution.cancellation;
      admission = cancellation === undefined ? this.#turnstile.admitOnce() : this.#turnstile.admit();
      if (admission === undefined) throw this.refusal();
    } catch (refusal) {
      return refused(refusal);
    }
    return admission.watch(execution.start(operation), cancellation);
  }

  /**
   * Leave to make one call, or `undefined`; never throws. Report how the call ended on the permit. Where there is none,
   * `refusal()` counts the refused call and makes its error.
   */
  tryAcquire(): Permit | undefined {
    return this.#turnstile.admit();
  }

  /** The error for a caller that is not admitted now, who is counted as rejected by that. */
  refusal(): CircuitOpenError {
    const { state, retryAfterMs } = this.#turnstile.refuse();
    return new CircuitOpenError({ policy: this.name, state, retryAfterMs, cause: this.#circuit.lastFailure });
  }

  /** Refuses every call until all isolations have been disposed; then the circuit is closed, its window empty. */
  isolate(): Disposable {
    return this.#circuit.isolate();
  }

  /** Starts afresh: closed, the window empty, the next opening a first one. Also ends every isolation. */
  reset(): void {
    this.#circuit.reset();
  }

  /**
   * For whoever knows from elsewhere that the dependency may be in trouble: a closed circuit then lets only trial calls
   * through until they have decided. It never opens by this alone. In any other state nothing happens.
   */
  suspect(): void {
    this.#circuit.suspect();
  }

  /** Asks `gate` before each trial call; it replaces the gate before it, until the handle is disposed. */
  guardProbes(gate: ProbeGate): Disposable {
    const circuit = this.#circuit;
    circuit.gate = gate;
    return {
      [Symbol.dispose]: () => {
        if (circuit.gate === gate) circuit.gate = undefined;
      },
    };
  }

  /**
   * Changes options while at work; those not named stay as they are. Counts and open times that have begun go on, with
   * two exceptions. Another `window` or `slow.afterMs` begins a closed circuit's window anew, and calls under way are then
   * stale. Switching the mode to or from `'off'` resets the breaker.
   *
   * @throws {InvalidOptionError} naming the first option out of range; nothing has changed then.
   */
  update(changes: CircuitBreakerChanges): void {
    const { name, clock, random } = this.#circuit.options;
    const given = { ...this.#given, ...changes, name, clock, random };
    this.#circuit.update(resolveOptions(given));
    this.#given = given;
  }

  /** By what the circuit is judged now, for whoever judges several of them together. */
  get thresholds(): { readonly failureRatio: number; readonly minCalls: number; readonly leaseMs: number } {
    const { failureRatio, minCalls, halfOpen } = this.#circuit.options;
    return { failureRatio, minCalls, leaseMs: halfOpen.leaseMs };
  }

  /** What another breaker with the same options needs to go on where this one is, as data that survives JSON. */
  snapshot(): CircuitBreakerSnapshot {
    return this.#circuit.snapshot();
  }

  /**
   * Goes on where the breaker of `snapshot` was. An open circuit stays open for what is left of its time, a half-open one
   * lets new trial calls decide, an isolated one is closed, since its handles are gone. Calls under way are then stale.
   *
   * @throws {InvalidOptionError} when it is no snapshot; nothing has changed then.
   */
  restore(snapshot: CircuitBreakerSnapshot): void {
    this.#circuit.restore(checkedSnapshot(snapshot));
  }

  statistics(): CircuitBreakerStatistics {
    const { state, outwardState, log, options } = this.#circuit;
    const window = state.kind === 'closed' ? state.window : undefined;
    window?.expire(options.clock.now());
    const windowCalls = window?.calls ?? 0;
    return {
      component: 'circuit-breaker',
      state: outwardState,
      ...this.#turnstile.statistics(),
      ...log.statistics(),
      windowCalls,
      failureRatio: window === undefined || windowCalls === 0 ? 0 : window.failures / windowCalls,
    };
  }
}
