import type { Clock } from '@holdfast/core';

import type { OutcomeWindow } from './outcome-window.ts';
import type { ProbeRound } from './probe-round.ts';

/** `'half-open'` from the moment at which an open circuit would let a trial call through. */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated';

/** One stay in closed. Instants here and below are readings of the breaker's clock. */
export interface Closed {
  readonly kind: 'closed';
  readonly sinceAt: number;
  readonly window: OutcomeWindow;
}

export interface Open {
  readonly kind: 'open';
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

const closed: View = { state: 'closed', admitting: true, retryAfterMs: 0 };
const isolated: View = { state: 'isolated', admitting: false, retryAfterMs: undefined };
const trial: View = { state: 'half-open', admitting: true, retryAfterMs: 0 };

/**
 * What `state` has become by now. Time alone ends an open period, and a round of trial calls whose leases ran out;
 * the breaker has no timer and catches up at the next call, but whoever looks sees the truth. Changes nothing.
 */
export function viewOf(state: State, clock: Clock): View {
  switch (state.kind) {
    case 'closed':
      return closed;
    case 'isolated':
      return isolated;
    case 'open':
      return openView(state.endsAt, clock.now());
    case 'half-open':
      return halfOpenView(state.round, state.reopenForMs, clock.now());
  }
}

function halfOpenView(round: ProbeRound, reopenForMs: number, now: number): View {
  const { lostAt } = round;
  if (now >= lostAt) return openView(lostAt + reopenForMs, now);
  return round.hasRoom ? trial : { state: 'half-open', admitting: false, retryAfterMs: lostAt - now };
}

function openView(endsAt: number, now: number): View {
  return now >= endsAt ? trial : { state: 'open', admitting: false, retryAfterMs: endsAt - now };
}
