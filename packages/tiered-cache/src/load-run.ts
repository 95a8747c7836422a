import type { OperationContext } from '@holdfast/core';

import type { LoadContext } from './options.ts';

/** What one run of a loader is told. The signal stays unborn until the loader reads it. */
export class LoadRun implements LoadContext {
  readonly key: string;
  readonly reason: LoadContext['reason'];
  readonly #context: OperationContext;

  constructor(context: OperationContext, key: string, reason: LoadContext['reason']) {
    this.#context = context;
    this.key = key;
    this.reason = reason;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get attempt(): number {
    return this.#context.attempt;
  }

  remainingMs(): number {
    return this.#context.remainingMs();
  }
}
