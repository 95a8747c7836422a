import { AsyncLocalStorage } from 'node:async_hooks';
import { cancellationOf, type ExecuteOptions, Execution, type OperationContext } from '@holdfast/core';

/**
 * Carries deadline and cancellation of a call to the database, past the domain, which knows of neither. Set anew around each
 * piece of work, with the context of that work: several calls may share a load, and it ends only when none waits for it.
 */
export class CallScope {
  readonly #contexts = new AsyncLocalStorage<ExecuteOptions>();

  run<T>(context: OperationContext, work: () => T): T {
    return this.#contexts.run(Execution.within(context, undefined), work);
  }

  /** What the work that is going on was told; `undefined` outside of any. */
  get options(): ExecuteOptions | undefined {
    return this.#contexts.getStore();
  }

  /** @throws The reason, if the work that is going on is no longer wanted. */
  throwIfUnwanted(): void {
    const { options } = this;
    const cancellation = cancellationOf(options);
    if (cancellation?.cancelled === true) throw cancellation.reason;
  }
}
