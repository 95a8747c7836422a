/** Calls after which the share is judged. */
const callsPerRound = 1_000;
const largestShare = 0.9;

/**
 * Notices that nearly all calls have the same key, as they do behind a proxy that nobody declared. Holds one key: the
 * first of each thousand calls is followed through them, and a key of such a share is likely to be the first.
 */
export class KeyShare {
  #followed = '';
  #calls = 0;
  #hits = 0;

  /** Whether this call completes a thousand of which more than nine in ten had one key. */
  record(key: string): boolean {
    if (this.#calls === 0) this.#followed = key;
    this.#calls += 1;
    if (key === this.#followed) this.#hits += 1;
    if (this.#calls < callsPerRound) return false;
    const shared = this.#hits > callsPerRound * largestShare;
    this.#calls = 0;
    this.#hits = 0;
    return shared;
  }
}
