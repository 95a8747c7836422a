import type { ResolvedWindowOptions } from '../options.ts';
import type { WindowSnapshot } from '../snapshot.ts';
import { CountWindow } from './count-window.ts';
import { TimeWindow } from './time-window.ts';

/** The recent calls that a closed circuit judges. Its three sums never go out of step with what it holds. */
export interface OutcomeWindow {
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
  /** Whether it has to be told the time. Reading a clock costs as much as a whole call; where it is not needed it is 0. */
  readonly timed: boolean;
  record(now: number, failed: boolean, slow: boolean): void;
  /** Drops what has become too old. */
  expire(now: number): void;
  snapshot(now: number): WindowSnapshot;
  /** Takes what another window of the same shape held `elapsedMs` ago. A window of another shape is not taken. */
  restore(snapshot: WindowSnapshot, now: number, elapsedMs: number): void;
}

export function outcomeWindow(options: ResolvedWindowOptions): OutcomeWindow {
  return 'calls' in options ? new CountWindow(options.calls) : new TimeWindow(options);
}
