import type { HealthStatus } from './check.ts';

/** A check changed its status. Going stale is no event, because only whoever looks can tell. */
export interface CheckChanged {
  readonly type: 'changed';
  readonly check: string;
  /** `undefined` for the first result. */
  readonly from: HealthStatus | undefined;
  readonly to: HealthStatus;
  readonly output: string | undefined;
}

/** The process wants no more requests. */
export interface DrainingStarted {
  readonly type: 'drained';
}

export type HealthEvent = CheckChanged | DrainingStarted;
