import type { LimitRule } from '../store.ts';
import type { Slot } from './slot.ts';

/**
 * What is known of one subject in one scope.
 *
 * Invariant: a wall clock that was set back frees nothing. What was written later than now was written now, and what
 * happened before it moves along; so nothing counts longer than its window from now on, either.
 */
export class SubjectRecord {
  /** By mode and name: a limit that changes its mode starts anew, while others may still have it in the old one. */
  readonly #slots = new Map<string, Slot>();
  /** Every call is refused until then; 0 if never blocked. */
  blockedUntil: number;
  /** It was moved along with the clock: unless it is written again, time would stand still for it. */
  readonly isMoved: boolean;

  /** @param lateMs - by how much the clock is behind the instant at which `slots` and `blockedUntil` were written. */
  constructor(slots: Iterable<Slot> = [], blockedUntil = 0, lateMs = 0) {
    for (const slot of slots) this.#slots.set(keyOf(slot), slot);
    this.blockedUntil = blockedUntil;
    this.isMoved = lateMs > 0;
    if (this.isMoved) this.#moveBack(lateMs);
  }

  /** All slots, also of limits that this process does not know. */
  get slots(): Iterable<Slot> {
    return this.#slots.values();
  }

  /** From this instant on nothing in it matters. */
  get endsAt(): number {
    let endsAt = this.blockedUntil;
    for (const slot of this.#slots.values())
      if (slot.cells.length > 0) endsAt = Math.max(endsAt, slot.endsAt);
    return endsAt;
  }

  slotOf({ mode, name }: LimitRule): Slot {
    const key = keyOf({ mode, name });
    let slot = this.#slots.get(key);
    if (slot === undefined)
      this.#slots.set(key, (slot = { mode, name, endsAt: 0, gridStartsAt: 0, cells: [] }));
    return slot;
  }

  forget(rule: LimitRule): void {
    this.#slots.delete(keyOf(rule));
  }

  #moveBack(byMs: number): void {
    if (this.blockedUntil > 0) this.blockedUntil -= byMs;
    for (const slot of this.#slots.values()) {
      slot.endsAt -= byMs;
      slot.gridStartsAt -= byMs;
      for (let at = 0; at < slot.cells.length; at += 2) slot.cells[at] = (slot.cells[at] as number) - byMs;
    }
  }
}

function keyOf({ mode, name }: Pick<Slot, 'mode' | 'name'>): string {
  return `${mode} ${name}`;
}
