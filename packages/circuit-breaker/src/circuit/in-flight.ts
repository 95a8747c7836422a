import type { Admission } from './admission.ts';

/**
 * The calls that a closed circuit has under way, in the order they were admitted: a list that runs through the
 * admissions themselves, so that coming and going costs the same however many there are.
 *
 * Invariant: those that have been under way for `slowAfterMs` are the first `overdue` of the list; `#firstOnTime` is
 * the next one.
 */
export class InFlight {
  size = 0;
  overdue = 0;
  #newest: Admission | undefined;
  #firstOnTime: Admission | undefined;

  add(admission: Admission): void {
    admission.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = admission;
    this.#newest = admission;
    this.#firstOnTime ??= admission;
    this.size += 1;
  }

  remove(admission: Admission): void {
    const { older, newer } = admission;
    if (admission.overdue) this.overdue -= 1;
    if (this.#firstOnTime === admission) this.#firstOnTime = newer;
    if (this.#newest === admission) this.#newest = older;
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    admission.unlink();
    this.size -= 1;
  }

  /** Finds out who has become overdue by now. Each call is looked at once in its life. */
  age(now: number, slowAfterMs: number): void {
    let admission = this.#firstOnTime;
    while (admission !== undefined && now - admission.startedAt >= slowAfterMs) {
      admission.overdue = true;
      this.overdue += 1;
      admission = admission.newer;
    }
    this.#firstOnTime = admission;
  }
}
