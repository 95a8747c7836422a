/** Keeps every event and counts those that a window has to hold, by going through all of them. */
export class EventList {
  readonly #events: { readonly at: number; readonly bad: boolean }[] = [];

  add(at: number, bad: boolean): void {
    this.#events.push({ at, bad });
  }

  /** Counts in the slots of `slotMs` that make up the last `windowMs`. */
  counts(now: number, windowMs: number, slotMs: number): { readonly events: number; readonly bad: number } {
    const oldest = Math.floor(now / slotMs) - windowMs / slotMs + 1;
    const inside = this.#events.filter(({ at }) => Math.floor(at / slotMs) >= oldest);
    return { events: inside.length, bad: inside.filter(({ bad }) => bad).length };
  }
}
