import type { Clock } from '@holdfast/core';

import type { Closed } from './closed.ts';
import type { ProbeRound } from './probe-round.ts';

/**
 * `'half-open'` from the moment at which an open circuit would let a trial call through; `'disabled'` while the mode is
 * `'off'`.
 */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled';

/**
 * Asked before a trial call, with how many are under way: 0 lets it through, anything else is in how many milliseconds it
 * makes sense to ask again. Must answer at once and change nothing.
 */
export type ProbeGate = (underWay: number) => number;

export interface Open {
  readonly kind: 'open';
  /** Reading of the clock. */
  readonly endsAt: number;
}

export interface HalfOpen {
  readonly kind: 'half-open';
  readonly round: ProbeRound;
  /** How long the circuit opens if the round fails. Drawn beforehand, so that a look at the state draws nothing. */
  readonly reopenForMs: number;
}

export interface Isolated {
  readonly kind: 'isolated';
  holders: number;
}

export type State = Closed | Open | HalfOpen | Isolated;

/** What a caller would meet now. */
export interface View {
  readonly state: CircuitState;
  readonly admitting: boolean;
  /** 0 if admitting; `undefined` if nobody knows. */
  readonly retryAfterMs: number | undefined;
}

/** What callers meet while the mode is `'off'`. */
export const disabled: View = { state: 'disabled', admitting: true, retryAfterMs: 0 };
const closed: View = { state: 'closed', admitting: true, retryAfterMs: 0 };
const isolated: View = { state: 'isolated', admitting: false, retryAfterMs: undefined };
const trial: View = { state: 'half-open', admitting: true, retryAfterMs: 0 };

/**
 * What `state` has become by now. Time alone ends an open period, and a round of trial calls whose leases ran out;
 * the breaker has no timer and catches up at the next call, but whoever looks sees the truth. Changes nothing.
 */
export function viewOf(state: State, clock: Clock, gate: ProbeGate | undefined): View {
  switch (state.kind) {
    case 'closed':
      return closed;
    case 'isolated':
      return isolated;
    case 'open':
      return openView(state.endsAt, clock.now(), gate);
    case 'half-open':
      return halfOpenView(state.round, state.reopenForMs, clock.now(), gate);
  }
}

function halfOpenView(
  round: ProbeRound,
  reopenForMs: number,
  now: number,
  gate: ProbeGate | undefined,
): View {
  const { lostAt } = round;
  if (now >= lostAt) return openView(lostAt + reopenForMs, now, gate);
  if (round.hasRoom) return gatedView(gate, round.underWayAt(now));
  return { state: 'half-open', admitting: false, retryAfterMs: lostAt - now };
}

function openView(endsAt: number, now: number, gate: ProbeGate | undefined): View {
  if (now >= endsAt) return gatedView(gate, 0);
  return { state: 'open', admitting: false, retryAfterMs: endsAt - now };
}

function gatedView(gate: ProbeGate | undefined, underWay: number): View {
  const waitMs = gate === undefined ? 0 : gate(underWay);
  return waitMs === 0 ? trial : { state: 'half-open', admitting: false, retryAfterMs: waitMs };
}
