/** The least and the most of the room that newcomers may take. */
const leastShare = 0.01;
const mostShare = 0.9;
/** What one eviction that turns out to be wrong changes of it. */
const step = 0.0005;
/** How often a proven record may be passed over unused, at most, … */
const mostCredit = 3;
/** … and how much room of newcomers takes one of these away. */
const shareOfCredit = 0.05;

/**
 * Divides the room of a table between newcomers and proven records.
 *
 * Each eviction that turns out to be wrong, as its key comes back soon, moves the division by a step towards the queue
 * that it left. Both queues are judged by equally many of their last evictions, so the division rests where one more
 * place is worth the same to either. Where newcomers are worth much room, popularity does not last: the proven are then
 * passed over less often.
 */
export class Balance {
  #share = leastShare;

  /** Share of the room that newcomers may take. */
  get share(): number {
    return this.#share;
  }

  /** How often a proven record may be passed over unused. */
  get credit(): number {
    return Math.max(0, mostCredit - Math.floor(this.#share / shareOfCredit));
  }

  /** A newcomer should not have gone. */
  favourNewcomers(): void {
    this.#share = Math.min(mostShare, this.#share + step);
  }

  /** A proven record should not have gone. */
  favourProven(): void {
    this.#share = Math.max(leastShare, this.#share - step);
  }
}
