import type { CircuitState } from './circuit/state.ts';

/**
 * Why a circuit opened: too many failures or slow calls in the window, too many calls under way that are slow already,
 * a failed trial call, or trial calls that had not ended when their lease did.
 */
export type OpenedReason =
  | 'failure-ratio'
  | 'slow-ratio'
  | 'slow-in-flight'
  | 'probe-failed'
  | 'probe-lease-ended';

/** Why trial calls are let through: the open time is over, or `suspect()` was called while the circuit was closed. */
export type HalfOpenedReason = 'open-time-over' | 'suspected';

/** Why a circuit closed: enough trial calls succeeded, `reset()`, or the last isolation was disposed. */
export type ClosedReason = 'recovered' | 'reset' | 'released';

/** What a breaker tells whoever watches. The breaker is in its new state already. */
export type CircuitBreakerEvent = (
  | {
      readonly type: 'opened';
      readonly policy: string;
      readonly reason: OpenedReason;
      /** How long the circuit stays open, in milliseconds. */
      readonly openForMs: number;
      /** Openings in a row without a stable time between them, this one included. */
      readonly trips: number;
    }
  | { readonly type: 'half-opened'; readonly policy: string; readonly reason: HalfOpenedReason }
  | { readonly type: 'closed'; readonly policy: string; readonly reason: ClosedReason }
  | { readonly type: 'isolated'; readonly policy: string }
  | { readonly type: 'restored'; readonly policy: string; readonly state: CircuitState }
  | {
      readonly type: 'rejected';
      readonly policy: string;
      readonly state: CircuitState;
      /** As in the error that the caller gets. */
      readonly retryAfterMs: number | undefined;
    }
) & {
  /** `true` in the mode `'shadow'`: this is what would have happened. */
  readonly shadow?: true;
};
