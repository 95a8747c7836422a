import { HoldfastError } from '@holdfast/core';

/** A handler whose client had left did not answer. Requests that waited for it run handlers of their own. */
export class HandlerSilentError extends HoldfastError {
  override readonly name = 'HandlerSilentError';
  readonly code = 'ERR_HANDLER_SILENT';

  constructor() {
    super('the handler did not answer after its client had left');
  }
}

/** The body of a request that has an idempotency key was not read before the middleware, so nobody knows what it says. */
export class BodyNotReadError extends HoldfastError {
  override readonly name = 'BodyNotReadError';
  readonly code = 'ERR_BODY_NOT_READ';

  constructor() {
    super('the body must be parsed before requests are deduplicated, or idempotency.fingerprint be given');
  }
}
