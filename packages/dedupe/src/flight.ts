import {
  type Cancellation,
  type CancellationSource,
  cancellationOf,
  type Clock,
  type Criticality,
  DeadlineExceededError,
  duration,
  type ExecuteOptions,
} from '@holdfast/core';

/** One execution and everybody who waits for it; also the options that its operation starts from. */
export interface Flight extends ExecuteOptions {
  readonly key: string;
  /** Reading of the clock at the start; 0 where age does not matter. */
  readonly startedAt: number;
  /** Calls the operation off. Absent if the leader cannot leave, for then somebody waits to the end. */
  readonly cancellation: CancellationSource | undefined;
  readonly tenant: string | undefined;
  readonly criticality: Criticality | undefined;
  /** Settles when the key is free again. Absent until the operation has returned, be it a promise. */
  outcome: Promise<unknown> | undefined;
  waiters: number;
  /** Whether the operation has settled: it can no longer be called off. */
  landed: boolean;
}

/** What may end one caller's wait while the flight goes on for the others. */
export interface Exits {
  readonly cancellation: Cancellation | undefined;
  readonly deadlineMs: number | undefined;
}

/**
 * How a call with these options may end early; `undefined` if it cannot, and then waiting costs nothing.
 *
 * @throws What ends the call before it starts: the reason of its signal, or that its deadline is over.
 */
export function exitsOf(options: ExecuteOptions | undefined, name: string): Exits | undefined {
  if (options === undefined) return undefined;
  const cancellation = cancellationOf(options);
  const deadlineMs = options.deadlineMs === Infinity ? undefined : options.deadlineMs;
  if (cancellation?.cancelled === true) throw cancellation.reason;
  if (deadlineMs !== undefined && duration('deadlineMs', deadlineMs) === 0)
    throw new DeadlineExceededError(name);
  return cancellation === undefined && deadlineMs === undefined ? undefined : { cancellation, deadlineMs };
}

/** One caller's own wait for `outcome`. `onLeave` is called at most once, if the caller leaves before the outcome. */
export function waitFor<T>(
  outcome: Promise<T>,
  { cancellation, deadlineMs }: Exits,
  { name, clock }: { readonly name: string; readonly clock: Clock },
  onLeave: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (reason: unknown): void => {
      closeExits();
      reject(reason);
      onLeave();
    };
    const cancelTimer =
      deadlineMs === undefined
        ? undefined
        : clock.schedule(() => leave(new DeadlineExceededError(name)), deadlineMs);
    const stopListening = cancellation?.onCancel(leave);
    const closeExits = (): void => {
      cancelTimer?.();
      stopListening?.();
    };
    // The operation may have cancelled the very call that started it, before anybody listened.
    if (cancellation?.cancelled === true) leave(cancellation.reason);

    outcome.then(closeExits, closeExits);
    outcome.then(resolve, reject);
  });
}
