import type { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, Execution, type OperationContext } from '@holdfast/core';

import { clockOf, limitMs } from '../limits.ts';

/** Absent where the platform has none, as in a browser: there nothing is inherited. */
const storage: AsyncLocalStorage<OperationContext | undefined> | undefined = createStorage();

/**
 * The context of the innermost operation that this code runs in, also after an `await`: for code that it cannot be handed to.
 * `undefined` outside of one, and inside one that shares no context, which it does only where there is something to share: a
 * deadline, or an attempt before it.
 */
export function currentExecution(): OperationContext | undefined {
  return storage?.getStore();
}

/** Milliseconds until the deadline that this code inherits, at least 0; `Infinity` without one. */
export function inheritedMs(): number {
  return storage?.getStore()?.remainingMs() ?? Infinity;
}

/** Runs `run` as the operation of this context. */
export function runWithin<T>(context: OperationContext, run: () => T): T {
  return storage === undefined ? run() : storage.run(context, run);
}

/**
 * Runs `run` with a deadline that every call of a pipeline in it inherits, also after an `await`. It never extends one that is
 * inherited already.
 *
 * @param deadlineMs - Milliseconds from now, at least 0; `Infinity` for no deadline of its own.
 * @throws {InvalidOptionError} if that is out of range.
 */
export function withDeadline<T>(deadlineMs: number, run: () => T, clock?: Clock): T {
  const budgetMs = Math.min(limitMs('deadlineMs', deadlineMs, 0), inheritedMs());
  return runWithin(new Execution({ deadlineMs: budgetMs }, clockOf(clock)), run);
}

/** Runs `run` as if it were outside: for work that goes on when nobody waits for it any more. */
export function detached<T>(run: () => T): T {
  return storage?.getStore() === undefined ? run() : storage.run(undefined, run);
}

function createStorage(): AsyncLocalStorage<OperationContext | undefined> | undefined {
  const { process } = globalThis as { readonly process?: Partial<Pick<NodeJS.Process, 'getBuiltinModule'>> };
  const hooks = process?.getBuiltinModule?.('node:async_hooks');
  return hooks && new hooks.AsyncLocalStorage<OperationContext | undefined>();
}
