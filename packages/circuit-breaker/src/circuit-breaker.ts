import {
  DeadlineExceededError,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';

import { Circuit } from './circuit.ts';
import { type Verdict, verdictOn } from './classify.ts';
import { CircuitOpenError } from './errors.ts';
import type { CircuitBreakerEvent } from './events.ts';
import { type CircuitBreakerOptions, type ResolvedCircuitBreakerOptions, resolveOptions } from './options.ts';
import { Admission, type Ending, type Permit } from './permit.ts';
import type { CircuitState } from './state.ts';
import type { CircuitBreakerStatistics } from './statistics.ts';

/**
 * Refuses calls to a dependency that fails, and lets a few trial calls find out when it is back.
 *
 * Invariants, true whenever no method is on the stack:
 * - each transition begins a new epoch, and the result of a call admitted in an older one only counts as stale;
 * - nothing is admitted while open or isolated, and the trial calls of one half-open round, under way and decided,
 *   are at most `halfOpen.calls`;
 * - a half-open round is decided by the time its leases have ended, whatever becomes of its calls;
 * - only `minCalls` in the window, a failed round or `isolate()` lead out of closed or half-open to where calls are
 *   refused;
 * - calls that are ignored open nothing and close nothing.
 *
 * There is no timer in any state: what time brings about is seen at once by whoever looks, and done at the next call.
 *
 * @see Release It! 2nd ed. (2018), "Circuit Breaker"
 */
export class CircuitBreaker implements Policy {
  readonly #options: ResolvedCircuitBreakerOptions;
  readonly #hub = new EventHub<CircuitBreakerEvent>();
  readonly #circuit: Circuit;
  readonly #calls = { success: 0, failure: 0, ignored: 0, rejected: 0, stale: 0 };
  #slowCalls = 0;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: CircuitBreakerOptions = {}) {
    this.#options = resolveOptions(options);
    this.#circuit = new Circuit(this.#options, this.#hub);
  }

  get name(): string {
    return this.#options.name;
  }

  /** The state that a call would meet now. Looking changes nothing. */
  get state(): CircuitState {
    return this.#circuit.view.state;
  }

  /** Whether a call would be admitted now. Looking changes nothing. */
  get admitting(): boolean {
    return this.#circuit.view.admitting;
  }

  /** Milliseconds until it makes sense to ask again: 0 while admitting, `undefined` while isolated. */
  get retryAfterMs(): number | undefined {
    return this.#circuit.view.retryAfterMs;
  }

  get events(): EventSource<CircuitBreakerEvent> {
    return this.#hub;
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
    let admission: Admission | undefined;
    try {
      throwIfCancelled(options);
      execution = options instanceof Execution ? options : new Execution(options, this.#options.clock);
      if (execution.remainingMs() === 0) throw new DeadlineExceededError(this.name);
      admission = this.#admit();
      if (admission === undefined) throw this.refusal();
    } catch (refusal) {
      return Promise.reject(refusal);
    }
    return this.#watch(execution.start(operation), execution, admission);
  }

  /**
   * Leave to make one call, or `undefined`; never throws. Report how the call ended on the permit. Where there is none,
   * `refusal()` counts the refused call and makes its error.
   */
  tryAcquire(): Permit | undefined {
    return this.#admit();
  }

  /** The error for a caller that is not admitted now, who is counted as rejected by that. */
  refusal(): CircuitOpenError {
    const { name: policy } = this.#options;
    const { state, retryAfterMs } = this.#circuit.view;
    this.#calls.rejected += 1;
    if (this.#hub.observed) this.#hub.emit({ type: 'rejected', policy, state, retryAfterMs });
    return new CircuitOpenError({ policy, state, retryAfterMs, cause: this.#circuit.lastFailure });
  }

  /** Refuses every call until all isolations have been disposed; then the circuit is closed, its window empty. */
  isolate(): Disposable {
    return this.#circuit.isolate();
  }

  /** Starts afresh: closed, the window empty, the next opening a first one. Also ends every isolation. */
  reset(): void {
    this.#circuit.reset();
  }

  statistics(): CircuitBreakerStatistics {
    const { state, log, view } = this.#circuit;
    const window = state.kind === 'closed' ? state.window : undefined;
    window?.expire(this.#options.clock.now());
    const windowCalls = window?.calls ?? 0;
    return {
      component: 'circuit-breaker',
      state: view.state,
      calls: { ...this.#calls },
      slowCalls: this.#slowCalls,
      ...log.statistics(),
      windowCalls,
      failureRatio: window === undefined || windowCalls === 0 ? 0 : window.failures / windowCalls,
    };
  }

  #admit(): Admission | undefined {
    const { clock, slow } = this.#options;
    const circuit = this.#circuit;
    if (circuit.state.kind === 'closed')
      return new Admission(circuit.epoch, slow === undefined ? 0 : clock.now(), undefined, this.#onEnd);
    const now = clock.now();
    const probe = circuit.beginProbe(now);
    return probe && new Admission(circuit.epoch, now, probe, this.#onEnd);
  }

  /** One promise more than the operation's own, where an async function would take two. */
  #watch<T>(outcome: Promise<T>, { cancellation }: Execution, admission: Admission): Promise<T> {
    return outcome.then(
      (value) => {
        admission.end(
          this.#options.classify === undefined ? 'success' : this.#endingOfValue(admission, value),
        );
        return value;
      },
      (error: unknown) => {
        const abandoned = cancellation?.cancelled === true;
        admission.end(abandoned ? 'abandoned' : this.#endingOfError(admission, error), error);
        throw error;
      },
    );
  }

  #endingOfError(admission: Admission, error: unknown): Ending {
    return this.#classify(admission, { status: 'rejected', reason: error }) ?? verdictOn(error);
  }

  #endingOfValue(admission: Admission, value: unknown): Ending {
    return this.#classify(admission, { status: 'fulfilled', value }) ?? 'success';
  }

  #classify(admission: Admission, outcome: PromiseSettledResult<unknown>): Verdict | undefined {
    try {
      return this.#options.classify?.(outcome);
    } catch (error) {
      admission.ignore();
      throw error;
    }
  }

  // One function for all permits, so that a permit costs no closure.
  readonly #onEnd = (admission: Admission, ending: Ending, error: unknown): void => {
    const { clock, slow, window } = this.#options;
    const { probe, startedAt } = admission;
    const now = probe === undefined && slow === undefined && 'calls' in window ? 0 : clock.now();
    if (!this.#circuit.counts(admission, now)) {
      this.#calls.stale += 1;
      return;
    }
    const isSlow = slow !== undefined && ending !== 'ignore' && now - startedAt >= slow.afterMs;
    this.#count(ending, isSlow);
    if (ending === 'failure') this.#circuit.lastFailure = error;
    const verdict = ending === 'abandoned' ? 'ignore' : ending;
    if (probe !== undefined) this.#circuit.endProbe(probe, isSlow ? 'failure' : verdict, now);
    else if (isSlow || verdict !== 'ignore') this.#record(now, verdict === 'failure', isSlow);
  };

  #count(ending: Ending, isSlow: boolean): void {
    if (ending === 'success') this.#calls.success += 1;
    else if (ending === 'failure') this.#calls.failure += 1;
    else this.#calls.ignored += 1;
    if (isSlow) this.#slowCalls += 1;
  }

  #record(now: number, failed: boolean, isSlow: boolean): void {
    const { state } = this.#circuit;
    if (state.kind !== 'closed') return;
    const { minCalls, failureRatio, slow } = this.#options;
    const { window } = state;
    window.record(now, failed, isSlow);
    if (window.calls < minCalls) return;
    if (window.failures / window.calls >= failureRatio) this.#circuit.trip('failure-ratio', state);
    else if (slow !== undefined && window.slowCalls / window.calls >= slow.ratio)
      this.#circuit.trip('slow-ratio', state);
  }
}
