import type { OperationContext } from '@holdfast/core';

export interface BackendCall {
  readonly signal: AbortSignal;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What a dedupe protects: every execution is kept, and settled by the test. */
export class Backend {
  readonly flights: BackendCall[] = [];

  readonly operation = (context: OperationContext): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.flights.push({ signal: context.signal, resolve, reject });
    return promise;
  };
}
