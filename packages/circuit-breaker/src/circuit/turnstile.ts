import type { Classify } from '../judging/classify.ts';
import type { Ending } from '../judging/ending.ts';
import type { CircuitBreakerStatistics } from '../statistics.ts';
import { Admission } from './admission.ts';
import type { Circuit } from './circuit.ts';
import type { Closed } from './closed.ts';
import type { Probe } from './probe-round.ts';
import type { View } from './state.ts';

/** Given to calls that nobody learns from; no stay has this number. */
const unwatched = -1;

/** Permits kept for later. More calls than that at once make permits of their own. */
const maxSpares = 16;

/** Lets calls through as the circuit allows, counts how they end, and tells the circuit what it should know. */
export class Turnstile {
  readonly #circuit: Circuit;
  #success = 0;
  #failure = 0;
  #ignored = 0;
  #rejected = 0;
  #stale = 0;
  #slowCalls = 0;
  #spare: Admission | undefined;
  #spares = 0;
  #shared: Admission | undefined;

  constructor(circuit: Circuit) {
    this.#circuit = circuit;
  }

  get classify(): Classify | undefined {
    return this.#circuit.options.classify;
  }

  admit(): Admission | undefined {
    const circuit = this.#circuit;
    return circuit.plain ? this.#give(circuit.epoch, 0, undefined) : this.#admitClosely();
  }

  /** As `admit`, for a call that reports exactly once and cannot be cancelled: what is made for it may be shared. */
  admitOnce(): Admission | undefined {
    const { plain, epoch } = this.#circuit;
    if (!plain) return this.#admitClosely();
    const shared = this.#shared;
    if (shared !== undefined && shared.epoch === epoch) return shared;
    return (this.#shared = new Admission(this).share(epoch));
  }

  /** Counts a call that is not let through, and gives what its caller should know. */
  refuse(): View {
    this.#rejected += 1;
    return this.#circuit.refuse();
  }

  end(admission: Admission, ending: Ending, error: unknown): void {
    const { epoch, state, plain, options } = this.#circuit;
    // Nearly all calls: nothing to find out about them but that they have succeeded.
    if (plain && ending === 'success' && admission.epoch === epoch && state.kind === 'closed') {
      this.#success += 1;
      const { window } = state;
      window.record(window.timed ? options.clock.now() : 0, false, false);
      if (window.failures > 0) this.#judge(state);
      return;
    }
    if (admission.epoch === unwatched) return;
    if (admission.epoch !== epoch) this.#stale += 1;
    else if (state.kind === 'closed') this.#endClosed(state, admission, ending, error);
    else this.#endProbe(admission, ending, error);
  }

  takeBack(admission: Admission): void {
    admission.probe = undefined;
    admission.unlink();
    if (this.#spares === maxSpares) return;
    this.#spares += 1;
    admission.nextSpare = this.#spare;
    this.#spare = admission;
  }

  statistics(): Pick<CircuitBreakerStatistics, 'calls' | 'slowCalls'> {
    return {
      calls: {
        success: this.#success,
        failure: this.#failure,
        ignored: this.#ignored,
        rejected: this.#rejected,
        stale: this.#stale,
      },
      slowCalls: this.#slowCalls,
    };
  }

  #give(epoch: number, startedAt: number, probe: Probe | undefined): Admission {
    let admission = this.#spare;
    if (admission === undefined) admission = new Admission(this);
    else {
      this.#spare = admission.nextSpare;
      this.#spares -= 1;
    }
    admission.begin(epoch, startedAt, probe);
    return admission;
  }

  #admitClosely(): Admission | undefined {
    const { mode, clock } = this.#circuit.options;
    if (mode === 'off') return this.#give(unwatched, 0, undefined);
    const admission = this.#decide(clock.now());
    if (admission !== undefined || mode === 'on') return admission;
    this.refuse();
    return this.#give(unwatched, 0, undefined);
  }

  #decide(now: number): Admission | undefined {
    const circuit = this.#circuit;
    if (circuit.state.kind === 'closed') return this.#admitClosed(circuit.state, now);
    const probe = circuit.beginProbe(now);
    return probe && this.#give(circuit.epoch, now, probe);
  }

  #admitClosed(state: Closed, now: number): Admission | undefined {
    const { inFlight } = state;
    if (inFlight !== undefined && this.#tripsInFlight(state, now)) return undefined;
    if (state.ramp !== undefined && !this.#circuit.rampAdmits(now)) return undefined;
    const admission = this.#give(this.#circuit.epoch, now, undefined);
    inFlight?.add(admission);
    return admission;
  }

  /**
   * Opens the circuit if too many of the calls that are known to be slow or not, and of those still under way, are
   * slow: those under way for too long are so already, whatever becomes of them.
   */
  #tripsInFlight(state: Closed, now: number): boolean {
    const { slow, minCalls } = this.#circuit.options;
    const { inFlight, window } = state;
    if (slow === undefined || inFlight === undefined) return false;
    inFlight.age(now, slow.afterMs);
    if (inFlight.overdue === 0) return false;
    window.expire(now);
    if (inFlight.overdue + window.calls < minCalls) return false;
    const share = (inFlight.overdue + window.slowCalls) / (inFlight.size + window.calls);
    if (share < slow.ratio) return false;
    this.#circuit.trip('slow-in-flight', state);
    return true;
  }

  #endClosed(state: Closed, admission: Admission, ending: Ending, error: unknown): void {
    const { options } = this.#circuit;
    const { inFlight, window } = state;
    const now = window.timed || inFlight !== undefined ? options.clock.now() : 0;
    inFlight?.remove(admission);
    const isSlow = this.#isSlow(admission, ending, now);
    this.#count(ending, isSlow);
    if (ending === 'failure') this.#circuit.lastFailure = error;
    else if (ending !== 'success' && !isSlow) return;
    window.record(now, ending === 'failure', isSlow);
    this.#judge(state);
  }

  #judge(state: Closed): void {
    const { calls, failures, slowCalls } = state.window;
    if (failures === 0 && slowCalls === 0) return;
    const { minCalls, failureRatio, slow } = this.#circuit.options;
    if (calls < minCalls) return;
    if (failures / calls >= failureRatio) this.#circuit.trip('failure-ratio', state);
    else if (slow !== undefined && slowCalls / calls >= slow.ratio) this.#circuit.trip('slow-ratio', state);
  }

  #endProbe(admission: Admission, ending: Ending, error: unknown): void {
    const now = this.#circuit.options.clock.now();
    const { probe } = admission;
    if (probe === undefined || !this.#circuit.counts(probe, now)) {
      this.#stale += 1;
      return;
    }
    const isSlow = this.#isSlow(admission, ending, now);
    this.#count(ending, isSlow);
    if (ending === 'failure') this.#circuit.lastFailure = error;
    const verdict = ending === 'abandoned' ? 'ignore' : ending;
    this.#circuit.endProbe(probe, isSlow ? 'failure' : verdict, now);
  }

  #isSlow({ startedAt }: Admission, ending: Ending, now: number): boolean {
    const { slow } = this.#circuit.options;
    return slow !== undefined && ending !== 'ignore' && now - startedAt >= slow.afterMs;
  }

  #count(ending: Ending, isSlow: boolean): void {
    if (ending === 'success') this.#success += 1;
    else if (ending === 'failure') this.#failure += 1;
    else this.#ignored += 1;
    if (isSlow) this.#slowCalls += 1;
  }
}
