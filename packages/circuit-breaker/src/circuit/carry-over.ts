import type { Clock } from '@holdfast/core';

import type { ResolvedCircuitBreakerOptions } from '../options.ts';
import type { CircuitBreakerSnapshot } from '../snapshot.ts';
import { Closed } from './closed.ts';
import { RecoveryRamp } from './recovery-ramp.ts';
import { type State, viewOf } from './state.ts';

/** What `state` leaves to a later process. */
export function snapshotOf(state: State, trips: number, clock: Clock): CircuitBreakerSnapshot {
  const now = clock.now();
  return {
    version: 1,
    takenAt: clock.epoch(),
    state: viewOf(state, clock, undefined).state as CircuitBreakerSnapshot['state'],
    trips,
    openForMs: state.kind === 'open' ? Math.max(0, state.endsAt - now) : 0,
    closedForMs: state.kind === 'closed' ? now - state.sinceAt : 0,
    rampForMs: state.kind === 'closed' ? state.ramp?.leftMs(now) : undefined,
    window: state.kind === 'closed' ? state.window.snapshot(now) : undefined,
  };
}

/** What a later process makes of it. A half-open circuit lets new trial calls decide, an isolated one is closed. */
export function stateFrom(snapshot: CircuitBreakerSnapshot, options: ResolvedCircuitBreakerOptions): State {
  const { clock, maxOpenForMs, jitterRatio } = options;
  const now = clock.now();
  const elapsedMs = Math.max(0, clock.epoch() - snapshot.takenAt);
  if (snapshot.state === 'open' || snapshot.state === 'half-open') {
    // No further away than any opening of this breaker could be: a wall clock may have gone back.
    const longestMs = maxOpenForMs * (1 + jitterRatio);
    const leftMs = Math.min(snapshot.openForMs - elapsedMs, longestMs);
    return { kind: 'open', endsAt: now + Math.max(0, leftMs) };
  }
  const closed = new Closed(now - snapshot.closedForMs - elapsedMs, options);
  if (snapshot.window !== undefined) closed.window.restore(snapshot.window, now, elapsedMs);
  closed.ramp = rampFrom(snapshot.rampForMs ?? 0, elapsedMs, options);
  return closed;
}

/** The ramp goes on where it was, if there still is one. */
function rampFrom(
  rampForMs: number,
  elapsedMs: number,
  { ramp, clock }: ResolvedCircuitBreakerOptions,
): RecoveryRamp | undefined {
  const leftMs = rampForMs - elapsedMs;
  if (ramp === undefined || leftMs <= 0) return undefined;
  return new RecoveryRamp(ramp, clock.now() + Math.min(0, leftMs - ramp.durationMs));
}
