/** What a retry tells whoever watches. Where an attempt ended with a value that is to be retried, `error` is that value. */
export type RetryEvent =
  | {
      /** An attempt failed and another one follows. */
      readonly type: 'retried';
      readonly policy: string;
      /** Number of the attempt that follows: 1 for the first retry. */
      readonly attempt: number;
      /** The pause before it, in milliseconds. */
      readonly delayMs: number;
      readonly error: unknown;
    }
  | {
      /** The budget had no retry left: the call fails with this error. */
      readonly type: 'budget-exhausted';
      readonly policy: string;
      readonly error: unknown;
    }
  | {
      /** The call fails with this error, after so many executions. */
      readonly type: 'gave-up';
      readonly policy: string;
      readonly attempts: number;
      readonly error: unknown;
    };
