import type { DecisionSource } from './store.ts';

/** A call was refused. */
export interface RejectedEvent<Name extends string = string> {
  readonly type: 'rejected';
  readonly limiter: string;
  /** As the caller gave it. */
  readonly subject: string | Readonly<Record<string, string | undefined>>;
  /** `undefined` if the subject is blocked and no limit is used up. */
  readonly binding: Name | undefined;
  readonly violated: readonly Name[];
  readonly blocked: boolean;
  /** `Infinity` where no wait would help. */
  readonly retryAfterMs: number;
  readonly source: DecisionSource;
}

/**
 * A limit that counts attempts is used up. Told once per episode: again only after the subject's attempts came under
 * half of the limit.
 */
export interface BurstEvent<Name extends string = string> {
  readonly type: 'burst';
  readonly limiter: string;
  readonly limit: Name;
  /** In the scope of the limit. */
  readonly subject: string;
}

/** A subject was blocked, by the penalty of a limit or by hand. */
export interface BlockedEvent<Name extends string = string> {
  readonly type: 'blocked';
  readonly limiter: string;
  readonly scope: string;
  readonly subject: string;
  readonly forMs: number;
  /** The limit whose penalty it is; `undefined` if it was done by hand. */
  readonly limit: Name | undefined;
  readonly reason: string | undefined;
}

/** A block was ended by hand. */
export interface UnblockedEvent {
  readonly type: 'unblocked';
  readonly limiter: string;
  readonly scope: string;
  readonly subject: string;
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
  | BurstEvent<Name>
  | BlockedEvent<Name>
  | UnblockedEvent
  | StoreLostEvent
  | StoreRecoveredEvent;
