import { HoldfastError } from '@holdfast/core';

/** The log of a coherent store was not answered for in time. The next reading uses another connection. */
export class LogTimeoutError extends HoldfastError {
  override readonly name = 'LogTimeoutError';
  readonly code = 'ERR_CACHE_LOG_TIMEOUT';
  /** The `name` option of the tier. */
  readonly tier: string;
  readonly timeoutMs: number;

  constructor(tier: string, timeoutMs: number) {
    super(`${tier} did not answer for its log within ${timeoutMs} ms`);
    this.tier = tier;
    this.timeoutMs = timeoutMs;
  }
}
