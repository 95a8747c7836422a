/** What a dedupe tells whoever watches. Single calls make no events; they are in the statistics. */
export type DedupeEvent =
  | {
      /** The last caller left a flight, whose signal was then aborted. */
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
    };
