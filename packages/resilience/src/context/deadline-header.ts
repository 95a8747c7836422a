import { inheritedMs } from './current-execution.ts';

/** Carries what is left of a deadline to another service: whole milliseconds, because clocks differ between machines. */
export const deadlineHeader = 'x-deadline-ms';

/** The longest deadline that is taken from a header, in milliseconds: a day. */
const longestMs = 86_400_000;

/** Headers of another platform, or an object of Node's. */
export type HeaderSource = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The budget that a request came with, in milliseconds; `undefined` if it has none, or none that makes sense.
 *
 * @param headers - Those of a request, names in lower case if it is a plain object.
 */
export function readDeadlineMs(headers: HeaderSource): number | undefined {
  const value = headers instanceof Headers ? headers.get(deadlineHeader) : headers[deadlineHeader];
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) return undefined;
  return Math.min(Number(value), longestMs);
}

/** What to add to the headers of a request, so that the service behind it knows the deadline of the call that this code is in. */
export function deadlineHeaders(remainingMs: number = inheritedMs()): Readonly<Record<string, string>> {
  return remainingMs === Infinity ? {} : { [deadlineHeader]: String(Math.floor(Math.max(0, remainingMs))) };
}
