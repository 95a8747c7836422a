import { EventHub } from '@holdfast/core';

import type { CircuitBreakerEvent, ClosedReason, HalfOpenedReason, OpenedReason } from '../events.ts';
import { hasSameShape, type ResolvedCircuitBreakerOptions } from '../options.ts';
import type { CircuitBreakerSnapshot } from '../snapshot.ts';
import { snapshotOf, stateFrom } from './carry-over.ts';
import { Closed } from './closed.ts';
import { openDurationMs } from './open-duration.ts';
import { type Probe, ProbeRound } from './probe-round.ts';
import { RecoveryRamp } from './recovery-ramp.ts';
import {
  type CircuitState,
  disabled,
  type Isolated,
  type ProbeGate,
  type State,
  type View,
  viewOf,
} from './state.ts';
import { TransitionLog } from './transition-log.ts';

/**
 * The state machine of a breaker: every transition there is, each of which begins a new epoch.
 *
 * ```
 *            trip                       time up, a call comes
 *   closed ────────▶ open ───────────────────────────────▶ half-open
 *    ▲  │             ▲    too many failed, or leases ended    │ ▲
 *    │  │             └────────────────────────────────────────┤ │
 *    │  └──────────────────────────── suspect ─────────────────│─┘
 *    └─────────────────────────────────────────────────────────┘
 *                              enough succeeded
 *   any ── isolate ──▶ isolated ── last one disposed ──▶ closed        any ── reset ──▶ closed
 * ```
 */
export class Circuit {
  /** What the last call that was judged a failure threw; forgotten when the circuit closes. */
  lastFailure: unknown;
  gate: ProbeGate | undefined;
  #options: ResolvedCircuitBreakerOptions;
  #state: State;
  #epoch = 0;
  #plain = true;
  /** Openings in a row without `stableForMs` closed between them. */
  #trips = 0;
  // Made when they are needed: most breakers of a large registry never open, and nobody watches them.
  #hub: EventHub<CircuitBreakerEvent> | undefined;
  #log: TransitionLog | undefined;

  constructor(options: ResolvedCircuitBreakerOptions) {
    this.#options = options;
    this.#state = this.#closed(options.clock.now());
    this.#notePlainness();
  }

  get options(): ResolvedCircuitBreakerOptions {
    return this.#options;
  }

  get state(): State {
    return this.#state;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether every call is let through and nothing has to be remembered about it. */
  get plain(): boolean {
    return this.#plain;
  }

  get events(): EventHub<CircuitBreakerEvent> {
    return (this.#hub ??= new EventHub());
  }

  get log(): TransitionLog {
    return (this.#log ??= new TransitionLog(this.#options.clock));
  }

  /** The state that a caller would meet now. The gate has no say in it: whoever only looks is nobody who wants to call. */
  get outwardState(): CircuitState {
    if (this.#options.mode === 'off') return disabled.state;
    return viewOf(this.#state, this.#options.clock, undefined).state;
  }

  /** What a caller would meet now. */
  get view(): View {
    const { mode } = this.#options;
    if (mode === 'off') return disabled;
    return mode === 'on' ? this.#outlook : { ...this.#outlook, admitting: true, retryAfterMs: 0 };
  }

  /** Tells of a call that is not let through, and gives what its caller should know. */
  refuse(): View {
    const { state, retryAfterMs: waitMs } = this.#outlook;
    const retryAfterMs = this.#state.kind === 'closed' ? this.#rampLeftMs(this.#state) : waitMs;
    const policy = this.#options.name;
    if (this.#observed) this.#tell({ type: 'rejected', policy, state, retryAfterMs });
    return { state, admitting: false, retryAfterMs };
  }

  /** Lets a trial call in, if time and room allow. */
  beginProbe(now: number): Probe | undefined {
    this.#catchUp(now);
    if (this.#state.kind === 'open' && now >= this.#state.endsAt && this.#mayProbe(0))
      this.#halfOpen('open-time-over', now);
    if (this.#state.kind !== 'half-open') return undefined;
    const { round } = this.#state;
    return round.hasRoom && this.#mayProbe(round.underWayAt(now)) ? round.begin(now) : undefined;
  }

  /** Whether the end of a trial call of this epoch still counts: it has kept within its lease, and so did the round. */
  counts(probe: Probe, now: number): boolean {
    this.#catchUp(now);
    return this.#state.kind === 'half-open' && now < probe.leaseEndsAt;
  }

  endProbe(probe: Probe, verdict: 'success' | 'failure' | 'ignore', now: number): void {
    if (this.#state.kind !== 'half-open') return;
    const result = this.#state.round.end(probe, verdict, now);
    if (result === 'recovered') this.#close('recovered', now);
    if (result === 'failed') this.#open('probe-failed', now, this.#state.reopenForMs);
  }

  /** Opens a closed circuit. */
  trip(reason: OpenedReason, closed: Closed): void {
    const now = this.#options.clock.now();
    this.#forgetTrips(closed, now);
    this.#open(reason, now, this.#nextOpenForMs());
  }

  /** Has a closed circuit find out by trial calls whether it should stay closed. */
  suspect(): void {
    if (this.#state.kind !== 'closed' || this.#options.mode === 'off') return;
    const now = this.#options.clock.now();
    this.#forgetTrips(this.#state, now);
    this.#halfOpen('suspected', now);
  }

  /** Whether the ramp lets the next call through; the ramp ends with its time. */
  rampAdmits(now: number): boolean {
    if (this.#state.kind !== 'closed' || this.#state.ramp === undefined) return true;
    if (now < this.#state.ramp.endsAt) return this.#state.ramp.admits(now);
    this.#state.ramp = undefined;
    this.#notePlainness();
    return true;
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

  /** Takes on other options. What is counted stays, unless it would have been counted otherwise. */
  update(options: ResolvedCircuitBreakerOptions): void {
    const before = this.#options;
    this.#options = options;
    if ((before.mode === 'off') !== (options.mode === 'off')) this.reset();
    else if (this.#state.kind === 'closed' && !hasSameShape(before, options)) {
      const closed = this.#closed(this.#state.sinceAt);
      closed.ramp = this.#state.ramp;
      this.#enter(closed);
    }
    this.#notePlainness();
  }

  snapshot(): CircuitBreakerSnapshot {
    const { clock } = this.#options;
    this.#catchUp(clock.now());
    return snapshotOf(this.#state, this.#trips, clock);
  }

  restore(snapshot: CircuitBreakerSnapshot): void {
    this.#trips = snapshot.trips;
    this.#enter(stateFrom(snapshot, this.#options));
    this.log.resume(this.#state.kind === 'closed', this.#options.clock.now());
    const { name: policy } = this.#options;
    if (this.#observed) this.#tell({ type: 'restored', policy, state: this.outwardState });
  }

  /** What a caller would meet if the mode were `'on'`. */
  get #outlook(): View {
    return viewOf(this.#state, this.#options.clock, this.gate);
  }

  get #observed(): boolean {
    return this.#hub?.observed === true;
  }

  #tell(event: CircuitBreakerEvent): void {
    this.#hub?.emit(this.#options.mode === 'shadow' ? { ...event, shadow: true } : event);
  }

  #mayProbe(underWay: number): boolean {
    return this.gate === undefined || this.gate(underWay) === 0;
  }

  #rampLeftMs({ ramp }: Closed): number {
    return ramp?.leftMs(this.#options.clock.now()) ?? 0;
  }

  /** Does what the end of leases has brought about by now. */
  #catchUp(now: number): void {
    if (this.#state.kind !== 'half-open') return;
    const { round, reopenForMs } = this.#state;
    if (now >= round.lostAt) this.#open('probe-lease-ended', round.lostAt, reopenForMs);
  }

  #forgetTrips({ sinceAt }: Closed, now: number): void {
    if (now - sinceAt >= this.#options.stableForMs) this.#trips = 0;
  }

  #open(reason: OpenedReason, at: number, openForMs: number): void {
    this.#trips += 1;
    this.#enter({ kind: 'open', endsAt: at + openForMs });
    this.log.add('opened', at);
    if (!this.#observed) return;
    this.#tell({ type: 'opened', policy: this.#options.name, reason, openForMs, trips: this.#trips });
  }

  #halfOpen(reason: HalfOpenedReason, at: number): void {
    const round = new ProbeRound(this.#options.halfOpen);
    this.#enter({ kind: 'half-open', round, reopenForMs: this.#nextOpenForMs() });
    this.log.add('halfOpened', at);
    if (this.#observed) this.#tell({ type: 'half-opened', policy: this.#options.name, reason });
  }

  #close(reason: ClosedReason, at: number): void {
    const closed = this.#closed(at);
    const { ramp, name: policy } = this.#options;
    if (reason === 'recovered' && ramp !== undefined) closed.ramp = new RecoveryRamp(ramp, at);
    this.#enter(closed);
    this.log.add('closed', at);
    if (this.#observed) this.#tell({ type: 'closed', policy, reason });
  }

  #isolated(): Isolated {
    const now = this.#options.clock.now();
    // A round that its leases have failed is one opening more, and the next open time depends on that.
    this.#catchUp(now);
    const isolated: Isolated = { kind: 'isolated', holders: 0 };
    this.#enter(isolated);
    this.log.add('isolated', now);
    if (this.#observed) this.#tell({ type: 'isolated', policy: this.#options.name });
    return isolated;
  }

  #enter(state: State): void {
    this.#epoch += 1;
    this.#state = state;
    if (state.kind === 'closed' || state.kind === 'isolated') this.lastFailure = undefined;
    this.#notePlainness();
  }

  #notePlainness(): void {
    const state = this.#state;
    this.#plain =
      this.#options.mode === 'on' &&
      state.kind === 'closed' &&
      state.inFlight === undefined &&
      state.ramp === undefined;
  }

  #closed(sinceAt: number): Closed {
    return new Closed(sinceAt, this.#options);
  }

  #nextOpenForMs(): number {
    return openDurationMs(this.#trips + 1, this.#options);
  }
}
