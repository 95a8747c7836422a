import { limitAt, type LimitRule } from '../store.ts';
import {
  addToOpen,
  adjustIn,
  beginLog,
  compact,
  endOf,
  freesWith,
  isOpenAt,
  latestIn,
  openCell,
  sizeOf,
  usedAt,
  usedIn,
} from './cell-block.ts';
import { type Counter, nothingPasses } from './counter.ts';
import { offsetOf, type Slab } from './slab.ts';

/** Cells that a long window is cut into; a limit of up to so many is counted exactly instead. */
export const cellsPerWindow = 32;

/** Cells of a block besides the open one. A window touches one cell more than fit in it. */
const fewestClosed = 2;
const mostClosed = cellsPerWindow;
/** Few sizes: what one log leaves when it grows soon serves another. */
const growth = 4;

/**
 * What subjects spent under a strict limit: each has a log of cells, the oldest first. A cell holds the cost of admissions
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
export class StrictCounter implements Counter {
  readonly #rule: LimitRule;
  readonly #place: number;
  readonly #slab: Slab;

  /** @param place - where in a record. */
  constructor(rule: LimitRule, place: number, slab: Slab) {
    this.#rule = rule;
    this.#place = place;
    this.#slab = slab;
  }

  unitAt(): number {
    return 1;
  }

  capacityAt(factor: number): number {
    return capacityOf(factor < 1 ? limitAt(this.#rule, factor) : this.#rule.limit);
  }

  spentAt(numbers: Float64Array, record: number, now: number): number {
    const at = record + this.#place;
    const cost = numbers[at + 1] as number;
    if (cost < 0) return usedAt(this.#slab.chunkOf(~cost), offsetOf(~cost), now, this.#rule.windowMs);
    return now - (numbers[at] as number) < this.#rule.windowMs ? cost : 0;
  }

  add(numbers: Float64Array, record: number, spent: number, now: number, cost: number): number {
    const at = record + this.#place;
    const held = numbers[at + 1] as number;
    if (held < 0 && spent > 0) {
      this.#addToBlock(numbers, at, now, cost);
    } else if (spent === 0) {
      if (held < 0) this.clear(numbers, record);
      numbers[at] = now;
      numbers[at + 1] = cost;
    } else if (numbers[at] === now) {
      numbers[at + 1] = held + cost;
    } else {
      this.#moveToBlock(numbers, at);
      this.#addToBlock(numbers, at, now, cost);
    }
    return this.#rule.windowMs;
  }

  freesAfterMs(numbers: Float64Array, record: number, now: number, excess: number): number {
    const at = record + this.#place;
    const held = numbers[at + 1] as number;
    const until =
      held < 0 ? freesWith(this.#slab.chunkOf(~held), offsetOf(~held), excess) : (numbers[at] as number);
    return this.#rule.windowMs - (now - until);
  }

  emptyAfterMs(numbers: Float64Array, record: number, spent: number, now: number): number {
    return spent === 0 ? 0 : this.#rule.windowMs - (now - this.#latestAt(numbers, record));
  }

  /**
   * The cost is in the first cell that ends at or after `chargedAt`. If there is none, it was given back, and what is added
   * opens a cell.
   */
  adjust(numbers: Float64Array, record: number, now: number, chargedAt: number, cost: number): void {
    const spent = this.spentAt(numbers, record, now);
    if (spent === 0 || this.#latestAt(numbers, record) < chargedAt) {
      if (cost > 0) this.add(numbers, record, spent, chargedAt, cost);
      return;
    }
    const at = record + this.#place;
    const held = numbers[at + 1] as number;
    if (held < 0) adjustIn(this.#slab.chunkOf(~held), offsetOf(~held), chargedAt, cost);
    else numbers[at + 1] = Math.max(0, held + cost);
  }

  takeBack(numbers: Float64Array, record: number, spent: number, now: number, cost: number): void {
    let left = spent;
    for (let owed = Math.min(cost, spent); owed > 0;) {
      this.adjust(numbers, record, now, this.#latestAt(numbers, record), -owed);
      const counts = this.#heldBy(numbers, record);
      owed -= left - counts;
      left = counts;
    }
  }

  /** Frees the log's block. */
  clear(numbers: Float64Array, record: number): void {
    clearLog(this.#slab, numbers, record + this.#place);
  }

  /** The cost held, of which nothing has run out. */
  #heldBy(numbers: Float64Array, record: number): number {
    const held = numbers[record + this.#place + 1] as number;
    return held < 0 ? usedIn(this.#slab.chunkOf(~held), offsetOf(~held)) : held;
  }

  #latestAt(numbers: Float64Array, record: number): number {
    const at = record + this.#place;
    const held = numbers[at + 1] as number;
    return held < 0 ? latestIn(this.#slab.chunkOf(~held), offsetOf(~held)) : (numbers[at] as number);
  }

  /** The place's only cell becomes the open one of a block. */
  #moveToBlock(numbers: Float64Array, at: number): void {
    const block = this.#slab.allocate(sizeOf(fewestClosed));
    const [latestAt, cost] = [numbers[at] as number, numbers[at + 1] as number];
    beginLog(this.#slab.chunkOf(block), offsetOf(block), latestAt, cost, this.#rule);
    point(numbers, at, fewestClosed, block);
  }

  #addToBlock(numbers: Float64Array, at: number, now: number, cost: number): void {
    const capacity = numbers[at] as number;
    const block = ~(numbers[at + 1] as number);
    const cells = this.#slab.chunkOf(block);
    const log = offsetOf(block);
    if (isOpenAt(cells, log, now) || openCell(cells, log, capacity, now, this.#rule))
      return addToOpen(cells, log, now, cost);
    if (!compact(cells, log)) {
      if (capacity === mostClosed) return addToOpen(cells, log, now, cost);
      this.#grow(numbers, at, capacity, block);
    }
    this.#addToBlock(numbers, at, now, cost);
  }

  #grow(numbers: Float64Array, at: number, capacity: number, block: number): void {
    const larger = Math.min(mostClosed, capacity * growth);
    const grown = this.#slab.allocate(sizeOf(larger));
    const cells = this.#slab.chunkOf(block);
    const log = offsetOf(block);
    this.#slab.chunkOf(grown).set(cells.subarray(log, endOf(cells, log)), offsetOf(grown));
    this.#slab.free(block, sizeOf(capacity));
    point(numbers, at, larger, grown);
  }
}

/** Forgets the log at `at` and frees its block. */
export function clearLog(slab: Slab, numbers: Float64Array, at: number): void {
  const held = numbers[at + 1] as number;
  if (held < 0) slab.free(~held, sizeOf(numbers[at] as number));
  numbers[at] = 0;
  numbers[at + 1] = 0;
}

function point(numbers: Float64Array, at: number, capacity: number, block: number): void {
  numbers[at] = capacity;
  numbers[at + 1] = ~block;
}

function capacityOf(limit: number): number {
  return limit === 0 ? nothingPasses : limit;
}
