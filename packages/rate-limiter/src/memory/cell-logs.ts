import type { LimitRule } from '../store.ts';
import { CellBlocks, sizeOf } from './cell-blocks.ts';
import { type Counts, nothingPasses } from './counts.ts';
import { offsetOf, type Slab } from './slab.ts';

/** Cells that a long window is cut into; a limit of up to so many is counted exactly instead. */
export const cellsPerWindow = 32;

/** Cells of a block besides the open one. A window touches one cell more than fit in it. */
const fewestClosed = 2;
const mostClosed = cellsPerWindow;
/** Few sizes: what one log leaves when it grows soon serves another. */
const growth = 4;

/**
 * What subjects spent under strict limits: each a log of cells, the oldest first. A cell holds the cost of admissions
 * that are close in time and counts until its **latest** admission is a whole window old. The grid of cells starts at
 * the first admission after a quiet window, so a log behaves the same wherever on the clock it begins.
 *
 * - The bound is strict: at any instant `now` every admission in `(now - windowMs, now]` is still counted, hence never
 *   more than the limit is admitted in any interval of that length.
 * - Up to a limit of {@link cellsPerWindow} only admissions of one instant share a cell: the count is exact. Above it,
 *   an admission counts at most `windowMs / cellsPerWindow` too long, which costs a saturated caller up to 3 % of the
 *   throughput.
 * - At most `cellsPerWindow + 1` cells are held. Penalties that would need more go into the last one and count longer.
 *
 * A log has a place of two numbers in its subject's record. Most subjects spend once and go, so a log begins right
 * there: (latest admission, cost). Only when a second cell is needed it moves into a block, and the place holds (closed
 * cells that fit in the block, complement of the block's address, which is negative).
 */
export class CellLogs implements Counts {
  readonly #slab: Slab;
  readonly #blocks: CellBlocks;

  constructor(slab: Slab) {
    this.#slab = slab;
    this.#blocks = new CellBlocks(slab);
  }

  unitOf(): number {
    return 1;
  }

  capacityOf(_rule: LimitRule, limit: number): number {
    return limit === 0 ? nothingPasses : limit;
  }

  spentAt(place: number, now: number, { windowMs }: LimitRule): number {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const cost = numbers[at + 1] as number;
    if (cost < 0) return this.#blocks.usedAt(~cost, now, windowMs);
    return now - (numbers[at] as number) < windowMs ? cost : 0;
  }

  add(place: number, spent: number, now: number, cost: number, rule: LimitRule): number {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const held = numbers[at + 1] as number;
    if (spent === 0) {
      if (held < 0) this.clear(place);
      numbers[at] = now;
      numbers[at + 1] = cost;
    } else if (held < 0) {
      const added = this.#blocks.add(~held, numbers[at] as number, now, cost, rule);
      if (!added) this.#addCell(place, now, cost, rule);
    } else if (numbers[at] === now) {
      numbers[at + 1] = held + cost;
    } else {
      this.#addCell(place, now, cost, rule);
    }
    return rule.windowMs;
  }

  freesAfterMs(place: number, _spent: number, now: number, excess: number, rule: LimitRule): number {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const held = numbers[at + 1] as number;
    const until = held < 0 ? this.#blocks.freesWith(~held, excess) : (numbers[at] as number);
    return rule.windowMs - (now - until);
  }

  emptyAfterMs(place: number, spent: number, now: number, rule: LimitRule): number {
    return spent === 0 ? 0 : rule.windowMs - (now - this.#latestAt(place));
  }

  /** The cost is in the first cell that ends at or after `chargedAt`. */
  adjust(place: number, _now: number, chargedAt: number, cost: number): void {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const held = numbers[at + 1] as number;
    if (held < 0) this.#blocks.adjust(~held, chargedAt, cost);
    else if (held > 0 && (numbers[at] as number) >= chargedAt) numbers[at + 1] = Math.max(0, held + cost);
  }

  takeBack(place: number, spent: number, now: number, cost: number): void {
    let left = spent;
    for (let owed = Math.min(cost, spent); owed > 0;) {
      this.adjust(place, now, this.#latestAt(place), -owed);
      const counts = this.#heldBy(place);
      owed -= left - counts;
      left = counts;
    }
  }

  /** Forgets the log and frees its block. */
  clear(place: number): void {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const held = numbers[at + 1] as number;
    if (held < 0) this.#slab.free(~held, sizeOf(numbers[at] as number));
    numbers[at] = 0;
    numbers[at + 1] = 0;
  }

  /** The cost held, of which nothing has run out. */
  #heldBy(place: number): number {
    const held = this.#slab.chunkOf(place)[offsetOf(place) + 1] as number;
    return held < 0 ? this.#blocks.used(~held) : held;
  }

  #latestAt(place: number): number {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const held = numbers[at + 1] as number;
    return held < 0 ? this.#blocks.latestAt(~held) : (numbers[at] as number);
  }

  /** Adds a cell where there was no room for one, in a block that was compacted, grew or is new. */
  #addCell(place: number, now: number, cost: number, rule: LimitRule): void {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const held = numbers[at + 1] as number;
    if (held >= 0) {
      const block = this.#slab.allocate(sizeOf(fewestClosed));
      this.#blocks.begin(block, numbers[at] as number, held, rule);
      this.#point(place, fewestClosed, block);
    } else if (!this.#blocks.compact(~held)) {
      const capacity = numbers[at] as number;
      if (capacity === mostClosed) return this.#blocks.addToOpen(~held, now, cost);
      this.#grow(place, ~held, capacity);
    }
    this.#blocks.add(~(numbers[at + 1] as number), numbers[at] as number, now, cost, rule);
  }

  #grow(place: number, block: number, capacity: number): void {
    const larger = Math.min(mostClosed, capacity * growth);
    const grown = this.#slab.allocate(sizeOf(larger));
    this.#blocks.copy(block, grown);
    this.#slab.free(block, sizeOf(capacity));
    this.#point(place, larger, grown);
  }

  #point(place: number, capacity: number, block: number): void {
    const numbers = this.#slab.chunkOf(place);
    numbers[offsetOf(place)] = capacity;
    numbers[offsetOf(place) + 1] = ~block;
  }
}
