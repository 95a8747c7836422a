import { callable, type Clock, duration, object, text } from '@holdfast/core';

import { disposeOf, type OnDiscard } from '../discard.ts';
import { clockOf, limitMs } from '../limits.ts';

export interface TimeoutOptions {
  /** Shown in errors, events and statistics. Defaults to `'timeout'`. */
  readonly name?: string | undefined;
  /** The time that an operation has, in milliseconds, at least 1; `Infinity` for no limit. */
  readonly timeoutMs: number;
  /** How long an operation that ran over its time keeps what it holds, in milliseconds. Defaults to 30,000. */
  readonly zombieGraceMs?: number | undefined;
  /** Takes what an operation returned after its caller was let go. Defaults to disposing of it, if it can be disposed of. */
  readonly onDiscard?: ((value: unknown) => unknown) | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** The options of a {@link Timeout}, with every default filled in. */
export type ResolvedTimeoutOptions = {
  readonly [Option in keyof TimeoutOptions]-?: NonNullable<TimeoutOptions[Option]>;
};

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveTimeoutOptions(options: TimeoutOptions): ResolvedTimeoutOptions {
  object('options', options);
  return {
    name: text('name', options.name ?? 'timeout'),
    timeoutMs: limitMs('timeoutMs', options.timeoutMs, 1),
    zombieGraceMs: duration('zombieGraceMs', options.zombieGraceMs ?? 30_000),
    onDiscard: callable<OnDiscard>('onDiscard', options.onDiscard ?? disposeOf),
    clock: clockOf(options.clock),
  };
}
