/**
 * Where a dedupe notes in whose operation a call is made, so that an operation that calls for its own key is recognised
 * whenever it does. `new AsyncLocalStorage()` of `node:async_hooks` is one; it must be used for nothing else.
 */
export interface AsyncContext<Store = unknown> {
  getStore(): Store | undefined;
  run<Result>(store: Store, task: () => Result): Result;
}
