import { HoldfastError } from '@holdfast/core';

/** A limit had no room or the subject is blocked, so the operation never started. */
export class RateLimitedError extends HoldfastError {
  override readonly name = 'RateLimitedError';
  readonly code = 'ERR_RATE_LIMITED';

  /** The limiter's name. */
  readonly policy: string;
  /** The limit that refused; of several, the one with the longest wait. `''` if the subject is blocked and no limit is used up. */
  readonly limit: string;
  /** Every limit that refused. */
  readonly violated: readonly string[];
  /** The subject is blocked. */
  readonly blocked: boolean;

  /** @param details - `retryAfterMs` is `Infinity` where no wait would help; the error then has none. */
  constructor(details: {
    readonly policy: string;
    readonly limit: string;
    readonly violated: readonly string[];
    readonly blocked: boolean;
    readonly retryAfterMs: number;
  }) {
    const { policy, limit, violated, blocked, retryAfterMs } = details;
    super(
      `${policy} refused the call: ${blocked ? 'the subject is blocked' : `limit '${limit}' is used up`}`,
      {
        retryAfterMs: retryAfterMs === Infinity ? undefined : retryAfterMs,
      },
    );
    this.policy = policy;
    this.limit = limit;
    this.violated = violated;
    this.blocked = blocked;
  }
}

/** The store did not answer in time or is not connected. Never thrown at a caller: it is told in events. */
export class RateLimitStoreError extends HoldfastError {
  override readonly name = 'RateLimitStoreError';
  readonly code = 'ERR_RATE_LIMIT_STORE';
}
