/** What a fallback tells whoever watches. */
export type FallbackEvent =
  | {
      /** A call that failed with `error` was answered. */
      readonly type: 'answered';
      readonly policy: string;
      readonly error: unknown;
      /** Which of the answers it was: 0 for the first. */
      readonly source: number;
    }
  | {
      /** As many calls as allowed are being answered: this one fails with its own error. */
      readonly type: 'refused';
      readonly policy: string;
      readonly error: unknown;
    };
