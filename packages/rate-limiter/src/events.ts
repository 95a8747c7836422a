import type { DecisionSource } from './store.ts';

/** A call was refused. */
export interface RejectedEvent<Name extends string = string> {
  readonly type: 'rejected';
  readonly limiter: string;
  /** As the caller gave it. */
  readonly subject: string | Readonly<Record<string, string | undefined>>;
  readonly binding: Name;
  readonly violated: readonly Name[];
  /** `Infinity` where no wait would help. */
  readonly retryAfterMs: number;
  readonly source: DecisionSource;
}

/** The store failed: decisions are local until it recovers. Told once per outage. */
export interface StoreLostEvent {
  readonly type: 'store-lost';
  readonly limiter: string;
  readonly error: unknown;
}

/** The store answers again. */
export interface StoreRecoveredEvent {
  readonly type: 'store-recovered';
  readonly limiter: string;
  readonly outageMs: number;
}

export type RateLimiterEvent<Name extends string = string> =
  | RejectedEvent<Name>
  | StoreLostEvent
  | StoreRecoveredEvent;
