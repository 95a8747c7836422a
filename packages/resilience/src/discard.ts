/** Takes values that nobody waits for. */
export type OnDiscard = (value: unknown) => unknown;

/** Gives `value` to `onDiscard`. What goes wrong there surfaces as an unhandled rejection. */
export function discard(onDiscard: OnDiscard, value: unknown): void {
  void (async () => onDiscard(value))();
}

/** What becomes of a value that nobody waits for, unless told otherwise: it is disposed of, if it can be. */
export function disposeOf(value: unknown): unknown {
  const disposable = value as Partial<Disposable & AsyncDisposable> | null | undefined;
  return disposable?.[Symbol.asyncDispose]?.() ?? disposable?.[Symbol.dispose]?.();
}
