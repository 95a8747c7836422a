import type { LimitRule } from './store.ts';

/** Cells that a long window is cut into; a limit of up to so many is counted exactly instead. */
export const cellsPerWindow = 32;

/**
 * What one subject spent under one limit: a log of cells, the oldest first. A cell holds the cost of admissions that
 * are close in time and counts until its **latest** admission is a whole window old. The grid of cells starts at the
 * first admission after a quiet window, so the log behaves the same wherever on the clock it begins.
 *
 * - The bound is strict: at any instant `now` every admission in `(now - windowMs, now]` is still counted, hence never
 *   more than the limit is admitted in any interval of that length.
 * - Up to a limit of {@link cellsPerWindow} only admissions of one instant share a cell: the count is exact. Above it,
 *   an admission counts at most `windowMs / cellsPerWindow` too long, which costs a saturated caller up to 3 % of the
 *   throughput.
 * - At most `min(limit, cellsPerWindow + 1)` cells are held, two numbers each.
 */
export class CellLog {
  /** Pairs of (latest admission in the cell, its cost). Those before `#head` have run out. */
  readonly #cells: number[];
  #head = 0;
  #used: number;
  #gridStartsAt: number;

  /** Most subjects spend once and go: a log begins with that first admission, in an array of just that size. */
  constructor(now: number, cost: number) {
    this.#cells = [now, cost];
    this.#used = cost;
    this.#gridStartsAt = now;
  }

  /** The cost that counts at `now`. Forgets what has run out. */
  usedAt(now: number, windowMs: number): number {
    const cells = this.#cells;
    let head = this.#head;
    while (head < cells.length && now - (cells[head] as number) >= windowMs) {
      this.#used -= cells[head + 1] as number;
      head += 2;
    }
    this.#head = head;
    if (head > 0) this.#compact();
    return this.#used;
  }

  add(now: number, cost: number, rule: LimitRule): void {
    const cells = this.#cells;
    const tail = cells.length - 2;
    if (tail < this.#head) this.#gridStartsAt = now;
    this.#used += cost;
    if (tail >= this.#head && this.#sameCell(cells[tail] as number, now, rule)) {
      cells[tail] = now;
      cells[tail + 1] = (cells[tail + 1] as number) + cost;
    } else {
      cells.push(now, cost);
    }
  }

  /** Milliseconds from `now` until `excess` of the cost has run out. */
  freesAfterMs(now: number, windowMs: number, excess: number): number {
    let freed = 0;
    for (let at = this.#head; at < this.#cells.length; at += 2) {
      freed += this.#cells[at + 1] as number;
      if (freed >= excess) return windowMs - (now - (this.#cells[at] as number));
    }
    return 0;
  }

  /** Milliseconds from `now` until nothing counts any more. */
  emptyAfterMs(now: number, windowMs: number): number {
    const tail = this.#cells.length - 2;
    return tail < this.#head ? 0 : windowMs - (now - (this.#cells[tail] as number));
  }

  #sameCell(last: number, now: number, { cells, windowMs }: LimitRule): boolean {
    if (last === now) return true;
    return cells > 0 && this.#cellOf(last, cells, windowMs) === this.#cellOf(now, cells, windowMs);
  }

  #cellOf(at: number, cells: number, windowMs: number): number {
    return Math.floor(((at - this.#gridStartsAt) * cells) / windowMs);
  }

  /** Moves the live cells to the front only when most of the array is dead, so a check costs O(1) amortised. */
  #compact(): void {
    if (this.#head < this.#cells.length && (this.#head < 32 || this.#head * 2 < this.#cells.length)) return;
    this.#cells.splice(0, this.#head);
    this.#head = 0;
  }
}
