import { HoldfastError } from '@holdfast/core';

/** A service answered that it failed. It never leaves `resilientFetch`, which gives out the response; policies see it. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError';
  readonly response: Response;
  /** What `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, retryAfterMs: number | undefined) {
    super(`the service answered ${response.status}`);
    this.response = response;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A service answered 429: it works, but wants less of this. No policy takes that for a failure of the service. */
export class RemoteRateLimitError extends HoldfastError {
  override readonly name = 'RemoteRateLimitError';
  readonly code = 'ERR_RATE_LIMITED';
  readonly response: Response;

  /** @param retryAfterMs - What `Retry-After` asks for, in milliseconds. */
  constructor(response: Response, retryAfterMs: number | undefined) {
    super('the service answered 429', { retryAfterMs });
    this.response = response;
  }
}
