import type { EventHub } from '@holdfast/core';

import type { CircuitBreakerEvent, ClosedReason, OpenedReason } from './events.ts';
import { openDurationMs } from './open-duration.ts';
import type { ResolvedCircuitBreakerOptions } from './options.ts';
import { outcomeWindow } from './outcome-window.ts';
import type { Admission } from './permit.ts';
import { type Probe, ProbeRound } from './probe-round.ts';
import { type Closed, type Isolated, type State, type View, viewOf } from './state.ts';
import { TransitionLog } from './transition-log.ts';

/**
 * The state machine of a breaker: every transition there is, each of which begins a new epoch.
 *
 * ```
 *            trip                       time up, a call comes
 *   closed ────────▶ open ───────────────────────────────▶ half-open
 *     ▲               ▲    too many failed, or leases ended    │
 *     │               └────────────────────────────────────────┤
 *     └────────────────────────────────────────────────────────┘
 *                              enough succeeded
 *   any ── isolate ──▶ isolated ── last one disposed ──▶ closed        any ── reset ──▶ closed
 * ```
 */
export class Circuit {
  readonly log: TransitionLog;
  /** What the last call that was judged a failure threw; forgotten when the circuit closes. */
  lastFailure: unknown;
  readonly #options: ResolvedCircuitBreakerOptions;
  readonly #hub: EventHub<CircuitBreakerEvent>;
  #state: State;
  #epoch = 0;
  /** Openings in a row without `stableForMs` closed between them. */
  #trips = 0;

  constructor(options: ResolvedCircuitBreakerOptions, hub: EventHub<CircuitBreakerEvent>) {
    this.log = new TransitionLog(options.clock);
    this.#options = options;
    this.#hub = hub;
    this.#state = this.#closed(options.clock.now());
  }

  get state(): State {
    return this.#state;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get view(): View {
    return viewOf(this.#state, this.#options.clock);
  }

  /** Lets a trial call in, if time and room allow. */
  beginProbe(now: number): Probe | undefined {
    this.#catchUp(now);
    if (this.#state.kind === 'open' && now >= this.#state.endsAt) this.#halfOpen(now);
    return this.#state.kind === 'half-open' && this.#state.round.hasRoom
      ? this.#state.round.begin(now)
      : undefined;
  }

  /** Whether the end of a call still counts: it was admitted in this epoch, and has kept within its lease. */
  counts({ epoch, probe }: Admission, now: number): boolean {
    if (epoch !== this.#epoch) return false;
    if (probe === undefined) return true;
    this.#catchUp(now);
    return epoch === this.#epoch && now < probe.leaseEndsAt;
  }

  endProbe(probe: Probe, verdict: 'success' | 'failure' | 'ignore', now: number): void {
    if (this.#state.kind !== 'half-open') return;
    const result = this.#state.round.end(probe, verdict, now);
    if (result === 'recovered') this.#close('recovered', now);
    if (result === 'failed') this.#open('probe-failed', now, this.#state.reopenForMs);
  }

  /** Opens a closed circuit. */
  trip(reason: OpenedReason, { sinceAt }: Closed): void {
    const now = this.#options.clock.now();
    if (now - sinceAt >= this.#options.stableForMs) this.#trips = 0;
    this.#open(reason, now, this.#nextOpenForMs());
  }

  isolate(): Disposable {
    const isolated = this.#state.kind === 'isolated' ? this.#state : this.#isolated();
    isolated.holders += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        isolated.holders -= 1;
        if (isolated.holders > 0 || this.#state !== isolated) return;
        this.#close('released', this.#options.clock.now());
      },
    };
  }

  reset(): void {
    const now = this.#options.clock.now();
    this.#trips = 0;
    if (this.#state.kind === 'closed') this.#enter(this.#closed(now));
    else this.#close('reset', now);
  }

  /** Does what the end of leases has brought about by now. */
  #catchUp(now: number): void {
    if (this.#state.kind !== 'half-open') return;
    const { round, reopenForMs } = this.#state;
    if (now >= round.lostAt) this.#open('probe-lease-ended', round.lostAt, reopenForMs);
  }

  #open(reason: OpenedReason, at: number, openForMs: number): void {
    this.#trips += 1;
    this.#enter({ kind: 'open', endsAt: at + openForMs });
    this.log.add('opened', at);
    if (!this.#hub.observed) return;
    this.#hub.emit({ type: 'opened', policy: this.#options.name, reason, openForMs, trips: this.#trips });
  }

  #halfOpen(at: number): void {
    const round = new ProbeRound(this.#options.halfOpen);
    this.#enter({ kind: 'half-open', round, reopenForMs: this.#nextOpenForMs() });
    this.log.add('halfOpened', at);
    if (this.#hub.observed) this.#hub.emit({ type: 'half-opened', policy: this.#options.name });
  }

  #close(reason: ClosedReason, at: number): void {
    this.#enter(this.#closed(at));
    this.log.add('closed', at);
    if (this.#hub.observed) this.#hub.emit({ type: 'closed', policy: this.#options.name, reason });
  }

  #isolated(): Isolated {
    const now = this.#options.clock.now();
    // A round that its leases have failed is one opening more, and the next open time depends on that.
    this.#catchUp(now);
    const isolated: Isolated = { kind: 'isolated', holders: 0 };
    this.#enter(isolated);
    this.log.add('isolated', now);
    if (this.#hub.observed) this.#hub.emit({ type: 'isolated', policy: this.#options.name });
    return isolated;
  }

  #enter(state: State): void {
    this.#epoch += 1;
    this.#state = state;
    if (state.kind === 'closed' || state.kind === 'isolated') this.lastFailure = undefined;
  }

  #closed(sinceAt: number): Closed {
    return { kind: 'closed', sinceAt, window: outcomeWindow(this.#options.window) };
  }

  #nextOpenForMs(): number {
    return openDurationMs(this.#trips + 1, this.#options);
  }
}
