/** What JSON holds in place of something that it cannot hold. May have values of any type inside. */
export interface StandIn<T> {
  of(original: T): unknown;
  /** @throws If the payload is damaged: it is not what `of` gives. */
  restore(standIn: unknown): T;
}
