/** What a hedge tells whoever watches. */
export type HedgeEvent =
  | {
      /** Another execution of a call has started. */
      readonly type: 'hedged';
      readonly policy: string;
      /** Its number: 1 for the first beside the first execution. */
      readonly hedge: number;
      readonly reason: 'slow' | 'failed';
    }
  | {
      /** Another execution would have started, had the budget not been empty. */
      readonly type: 'budget-exhausted';
      readonly policy: string;
    };
