import { CountWindow } from './count-window.ts';
import type { ResolvedWindowOptions } from './options.ts';
import { TimeWindow } from './time-window.ts';

/** The recent calls that a closed circuit judges. Its three sums never go out of step with what it holds. */
export interface OutcomeWindow {
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
  /** @param now - Reading of the clock; a window that counts calls does not look at it. */
  record(now: number, failed: boolean, slow: boolean): void;
  /** Drops what has become too old. */
  expire(now: number): void;
}

export function outcomeWindow(options: ResolvedWindowOptions): OutcomeWindow {
  return 'calls' in options ? new CountWindow(options.calls) : new TimeWindow(options);
}
