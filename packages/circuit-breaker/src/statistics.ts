import type { CircuitState } from './circuit/state.ts';

/** Counters only grow; the rest is read now. */
export interface CircuitBreakerStatistics {
  readonly component: 'circuit-breaker';
  readonly state: CircuitState;
  readonly calls: {
    readonly success: number;
    readonly failure: number;
    /** Ended without saying anything about the dependency. */
    readonly ignored: number;
    /** Not admitted; in the mode `'shadow'`, those that would not have been. */
    readonly rejected: number;
    /** Ended in another stay than they were admitted in, or after their lease: their result was dropped. */
    readonly stale: number;
  };
  /** Calls over `slow.afterMs` among those above that were not stale, whatever their result. */
  readonly slowCalls: number;
  readonly transitions: {
    readonly opened: number;
    readonly halfOpened: number;
    readonly closed: number;
    readonly isolated: number;
  };
  /** Milliseconds spent in any state but closed, up to now. */
  readonly openMs: number;
  /** Calls in the window; 0 unless closed. */
  readonly windowCalls: number;
  /** Share of them that failed; 0 if there are none. */
  readonly failureRatio: number;
  /** When the state last changed, in milliseconds since 1970; `undefined` if it never did. */
  readonly lastTransitionAt: number | undefined;
}
