import {
  type Cancellation,
  cancellationOf,
  type Clock,
  DeadlineExceededError,
  duration,
  type ExecuteOptions,
} from '@holdfast/core';

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
export function exitsOf(options: ExecuteOptions, name: string): Exits | undefined {
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

    const deliver = (value: T): void => {
      closeExits();
      resolve(value);
    };
    const fail = (error: unknown): void => {
      closeExits();
      reject(error);
    };
    outcome.then(deliver, fail);
  });
}
