/**
 * What each hit has to look at: plain fields of one object, for this is the hottest path there is.
 */
export class Trust {
  /**
   * Reading of the monotonic clock until which every invalidation is known, but for those younger than the staleness
   * allowed. `Infinity` where there is nobody to hear from.
   */
  until: number;
  /** How many invalidations of tags there were: entries found good at this count need no second look. */
  tagChanges: number = 0;

  constructor(until: number) {
    this.until = until;
  }
}
