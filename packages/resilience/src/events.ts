/** What a retry tells whoever watches. */
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

/** What a timeout tells whoever watches. */
export type TimeoutEvent =
  | {
      readonly type: 'timed-out';
      readonly policy: string;
      readonly timeoutMs: number;
    }
  | {
      /** The process was too busy to look at the time: results that are waiting to be read may still win. */
      readonly type: 'lagged';
      readonly policy: string;
      /** By how much the timer was late, in milliseconds. */
      readonly lateMs: number;
    }
  | {
      /** An operation outlived the grace as well: what it held was given back although it still runs. */
      readonly type: 'leaked';
      readonly policy: string;
    };

/** What a pipeline itself tells. */
export interface OwnPipelineEvent {
  /** A call failed with this error and the fallback is asked. */
  readonly type: 'fell-back';
  readonly policy: string;
  readonly error: unknown;
}
