import type { OperationContext } from '@holdfast/core';

/** An operation whose executions end as a list says: an `Error` is thrown, anything else returned. */
export function scripted(...outcomes: readonly unknown[]) {
  const contexts: OperationContext[] = [];
  const operation = (context: OperationContext): Promise<unknown> => {
    const outcome = outcomes[contexts.length];
    contexts.push(context);
    return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
  };
  return { operation, contexts };
}

/** One execution of {@link manual}. */
export interface ManualRun {
  readonly context: OperationContext;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** An operation whose executions end when the test says so. */
export function manual() {
  const runs: ManualRun[] = [];
  const operation = (context: OperationContext): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    runs.push({ context, resolve, reject });
    return promise;
  };
  return { operation, runs };
}
