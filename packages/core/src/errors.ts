const brand = Symbol.for('@holdfast/core.error');

/** Frozen intrinsics allow no change; refusals then have the trace that they are better without. */
const mayOmitTrace = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')?.writable !== false;

/**
 * Base of every refusal: the operation did not run, or its result is no longer awaited; each class says which.
 * Match on `code`, which stays the same across versions and across copies of the package.
 *
 * Carries no stack trace. Refusals come by the thousand just when there is no time to spare, and capturing a trace
 * costs more than all the rest of a refusal.
 */
export abstract class HoldfastError extends Error {
  abstract readonly code: `ERR_${string}`;

  /** When it makes sense to ask again, in milliseconds from now; `undefined` if unknown. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options?: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown },
  ) {
    const { stackTraceLimit } = Error;
    if (mayOmitTrace) Error.stackTraceLimit = 0;
    try {
      super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    } finally {
      // Also where a message has no text, or the stack is full: every other error would be without a trace.
      if (mayOmitTrace) Error.stackTraceLimit = stackTraceLimit;
    }
    this.retryAfterMs = options?.retryAfterMs;
  }
}

Object.defineProperty(HoldfastError.prototype, brand, { value: true });

/** Whether `error` is one of ours, made by whichever copy of the package, and has that `code` if one is given. */
export function isHoldfastError(error: unknown, code?: string): error is HoldfastError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || ('code' in error && error.code === code);
}

/** The call's deadline passed before its answer came. */
export class DeadlineExceededError extends HoldfastError {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'ERR_DEADLINE_EXCEEDED';
  /** What gave up: the name of a policy. */
  readonly policy: string;

  constructor(policy: string) {
    super(`${policy} passed the deadline of the call`);
    this.policy = policy;
  }
}
