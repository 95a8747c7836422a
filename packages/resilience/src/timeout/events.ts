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
