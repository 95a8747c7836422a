import { callable, type Clock, duration, methods, systemClock, text, wholeNumber } from '@holdfast/core';

export interface RateLimitedFetchOptions {
  /** Shown in errors. Defaults to `'fetch'`. */
  readonly name?: string | undefined;

  /**
   * Until how long after a call was made it may wait to be sent, or sent again, in milliseconds. A call that would have to
   * wait longer is not sent. Its own signal may end the wait earlier. Defaults to 30,000.
   */
  readonly maxWaitMs?: number | undefined;

  /** How often a refused call is sent again, 0 to 10. Defaults to 0. */
  readonly retry?: number | undefined;

  /**
   * Calls that fall under the same limits: what a server tells one of them holds for all. Defaults to the origin and the
   * `Authorization` of the call. Add the path where a server's limits differ by path.
   */
  readonly groupOf?: ((url: URL, headers: Headers) => string) | undefined;

  /** Most groups remembered, a whole number of at least 1; the one not used for the longest time goes. Defaults to 1,000. */
  readonly maxGroups?: number | undefined;

  /** What sends. Defaults to the platform's `fetch`. */
  readonly fetch?: typeof fetch | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export type ResolvedRateLimitedFetchOptions = {
  readonly [Option in keyof RateLimitedFetchOptions]-?: NonNullable<RateLimitedFetchOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveFetchOptions(options: RateLimitedFetchOptions): ResolvedRateLimitedFetchOptions {
  return {
    name: text('name', options.name ?? 'fetch'),
    maxWaitMs: duration('maxWaitMs', options.maxWaitMs ?? 30_000),
    retry: wholeNumber('retry', options.retry ?? 0, 0, 10),
    groupOf: callable('groupOf', options.groupOf ?? originAndCredentials),
    maxGroups: wholeNumber('maxGroups', options.maxGroups ?? 1_000, 1),
    fetch: callable('fetch', options.fetch ?? fetch),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function originAndCredentials({ origin }: URL, headers: Headers): string {
  return `${origin}\n${headers.get('authorization') ?? ''}`;
}
