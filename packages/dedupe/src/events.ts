/** What a dedupe tells whoever watches. Single calls make no events; they are in the statistics. */
export type DedupeEvent =
  | {
      /** A flight was called off because nobody waited for it any longer: its signal was aborted. */
      readonly type: 'abandoned';
      readonly policy: string;
      readonly key: string;
    }
  | {
      /** A flight got too old to be joined, so that a fresh one took its key. */
      readonly type: 'outdated';
      readonly policy: string;
      readonly key: string;
      /** Age of the old flight, in milliseconds. */
      readonly ageMs: number;
    }
  | {
      /** An operation called for its own key. That call ran alone: had it joined, it would have waited for itself. */
      readonly type: 'reentered';
      readonly policy: string;
      readonly key: string;
    };
