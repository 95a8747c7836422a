import { HoldfastError } from '@holdfast/core';

import { bareCopy } from '../bare-copy.ts';

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

/** What ioredis attaches to errors: the command with all its arguments, of others or of nodes the errors themselves. */
const attachments = ['command', 'lastNodeError', 'previousErrors'] as const;

/**
 * An error of a client without what was sent to the server, which may be a password, keys and values: neither attached nor,
 * as a server tells of a command that it does not know, in its text. Name, code and stack stay.
 */
export function bareError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const text = error.message.replace(/, with args beginning with:.*/s, '');
  const cause = 'lastNodeError' in error ? error.lastNodeError : error.cause;
  const bareCause = bareError(cause);
  const isBare = bareCause === error.cause && text === error.message;
  if (isBare && !attachments.some((name) => name in error)) return error;
  return bareCopy(error, text, bareCause);
}
