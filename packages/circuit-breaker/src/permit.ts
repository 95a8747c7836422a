/**
 * Leave to make one call. Report its end once, by whichever method; later reports do nothing. A permit that nobody
 * reports on distorts nothing while the circuit is closed, unless `slow` is set: then it is a call that still runs.
 * If the circuit was half-open it counts as failed when its lease ends.
 *
 * The breaker uses a permit again once it has been disposed, which is how `tryAcquire` comes to allocate nothing. So
 * dispose it last, and do not touch it afterwards. One that is never disposed is garbage like any other.
 */
export interface Permit {
  success(): void;
  /** @param error - Becomes the `cause` of refusals, should the circuit open. */
  failure(error?: unknown): void;
  /** The call says nothing about the dependency: a trial call gives its place back. */
  ignore(): void;
  /**
   * Judges the value that the operation gave as `execute` would, then disposes the permit.
   *
   * @throws What `classify` throws; the call is then ignored.
   */
  fulfilled(value: unknown): void;
  /**
   * Judges the error that the operation threw as `execute` would, then disposes the permit.
   *
   * @param cancelled - Whether the caller had left: the call then counts only if it was slow. Defaults to `false`.
   * @throws What `classify` throws; the call is then ignored.
   */
  rejected(error: unknown, cancelled?: boolean): void;
  /** As `ignore()`, if nothing was reported. Gives the permit back. */
  [Symbol.dispose](): void;
}
