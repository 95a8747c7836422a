import { InvalidOptionError } from '@holdfast/core';

import type { Classify } from './classify.ts';

/** A status, or all statuses of a class. */
export type HttpStatus = number | '4xx' | '5xx';

/**
 * Judges HTTP answers by their status, whether the client returns or throws them: what is listed is a failure, other statuses
 * from 400 on are ignored (the caller's mistake, or 429: its rate), and those below are successes. Looks for `status`
 * or `statusCode` on the value or error, then on its `response`. What has no status is left to the default.
 *
 * @param failures - Defaults to `'5xx'`.
 * @throws {InvalidOptionError} when one is no status.
 * @see RFC 9110 §15
 */
export function httpStatus(...failures: HttpStatus[]): Classify {
  const listed: ReadonlySet<unknown> = new Set(checked(failures.length === 0 ? ['5xx'] : failures));
  return (outcome) => {
    const answer: unknown = outcome.status === 'fulfilled' ? outcome.value : outcome.reason;
    const status =
      statusOf(answer) ?? statusOf((answer as { response?: unknown } | null | undefined)?.response);
    if (status === undefined) return undefined;
    if (listed.has(status) || listed.has(`${Math.trunc(status / 100)}xx`)) return 'failure';
    return status < 400 ? 'success' : 'ignore';
  };
}

function statusOf(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { status, statusCode } = answer as { readonly status?: unknown; readonly statusCode?: unknown };
  return [status, statusCode].find((each): each is number => isStatus(each));
}

function checked(statuses: readonly HttpStatus[]): readonly HttpStatus[] {
  for (const status of statuses)
    if (status !== '4xx' && status !== '5xx' && !isStatus(status))
      throw new InvalidOptionError('httpStatus', "a status from 100 to 599, '4xx' or '5xx'", status);
  return statuses;
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 599;
}
