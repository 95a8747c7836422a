/** How a call of a pipeline ended. */
export type Outcome<T> =
  | {
      readonly status: 'fulfilled';
      readonly value: T;
      /** Whether the value is the answer of the fallback. */
      readonly degraded: boolean;
    }
  | { readonly status: 'rejected'; readonly reason: unknown };
