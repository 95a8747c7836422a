import type { LimitRule } from '../store.ts';
import { wholeAt } from './slab.ts';

/** What a block begins with. Cells are told by their offset in it. */
const firstClosed = 0;
const pastClosed = 1;
/** The cost of all cells that have not run out. */
const usedCost = 2;
const gridStartsAt = 3;
/** The open cell: until when an admission falls into it, its latest admission and its cost. */
const openEndsAt = 4;
const openLatestAt = 5;
const openCost = 6;
/** The latest admission of the oldest cell, or something earlier: before it is a window old, nothing runs out. */
const oldestAt = 7;
const headerWidth = 8;

/** The size of a block for so many closed cells. */
export function sizeOf(capacity: number): number {
  return headerWidth + 2 * capacity;
}

/*
 * A log of several cells, in a block of its own at the offset `log` of a chunk. The last cell is the open one and has its
 * place in the header, so that most calls of a busy subject look nowhere else. The closed ones follow as pairs of (latest
 * admission, cost).
 */

/** Starts a log with an open cell. */
export function beginLog(
  numbers: Float64Array,
  log: number,
  at: number,
  cost: number,
  rule: LimitRule,
): void {
  numbers.set([headerWidth, headerWidth, cost, at, cellEnd(at, at, rule), at, cost, at], log);
}

/** The cost held, of which nothing has run out. */
export function usedIn(numbers: Float64Array, log: number): number {
  return numbers[log + usedCost] as number;
}

/** The cost that counts at `now`. Forgets what has run out. */
export function usedAt(numbers: Float64Array, log: number, now: number, windowMs: number): number {
  if (now - (numbers[log + oldestAt] as number) >= windowMs) forget(numbers, log, now, windowMs);
  return numbers[log + usedCost] as number;
}

/** Whether an admission of `now` falls into the open cell. */
export function isOpenAt(numbers: Float64Array, log: number, now: number): boolean {
  return now < (numbers[log + openEndsAt] as number) || now === numbers[log + openLatestAt];
}

/** Adds to the open cell, which counts longer then. */
export function addToOpen(numbers: Float64Array, log: number, now: number, cost: number): void {
  numbers[log + openLatestAt] = now;
  numbers[log + openCost] = (numbers[log + openCost] as number) + cost;
  numbers[log + usedCost] = (numbers[log + usedCost] as number) + cost;
}

/** Closes the open cell and opens that of `now`; `false` if there is no room for one more. */
export function openCell(
  numbers: Float64Array,
  log: number,
  capacity: number,
  now: number,
  rule: LimitRule,
): boolean {
  if (!closeCell(numbers, log, capacity)) return false;
  numbers[log + openEndsAt] = cellEnd(now, numbers[log + gridStartsAt] as number, rule);
  numbers[log + openCost] = 0;
  return true;
}

/** Moves the live cells over those that have run out; `false` if there are none. */
export function compact(numbers: Float64Array, log: number): boolean {
  const first = wholeAt(numbers, log + firstClosed);
  const past = wholeAt(numbers, log + pastClosed);
  if (first === headerWidth) return false;
  numbers.copyWithin(log + headerWidth, log + first, log + past);
  numbers[log + firstClosed] = headerWidth;
  numbers[log + pastClosed] = past - first + headerWidth;
  return true;
}

/** Where the log ends. */
export function endOf(numbers: Float64Array, log: number): number {
  return log + wholeAt(numbers, log + pastClosed);
}

/** The latest admission of the cell with which `excess` of the cost has run out. */
export function freesWith(numbers: Float64Array, log: number, excess: number): number {
  const past = endOf(numbers, log);
  let freed = 0;
  for (let cell = log + wholeAt(numbers, log + firstClosed); cell < past; cell += 2) {
    freed += numbers[cell + 1] as number;
    if (freed >= excess) return numbers[cell] as number;
  }
  return numbers[log + openLatestAt] as number;
}

/** When the latest admission was that counts. */
export function latestIn(numbers: Float64Array, log: number): number {
  if (numbers[log + openCost] !== 0) return numbers[log + openLatestAt] as number;
  return numbers[endOf(numbers, log) - 2] as number;
}

/** Changes the cost of the first cell that ends at or after `chargedAt`, which there is; one that comes to 0 is gone. */
export function adjustIn(numbers: Float64Array, log: number, chargedAt: number, cost: number): void {
  const past = endOf(numbers, log);
  let cell = log + wholeAt(numbers, log + firstClosed);
  while (cell < past && (numbers[cell] as number) < chargedAt) cell += 2;
  if (cell === past) cell = log + openLatestAt;
  const change = Math.max(cost, -(numbers[cell + 1] as number));
  numbers[cell + 1] = (numbers[cell + 1] as number) + change;
  numbers[log + usedCost] = (numbers[log + usedCost] as number) + change;
  if (numbers[cell + 1] === 0) removeCell(numbers, log, cell);
}

function forget(numbers: Float64Array, log: number, now: number, windowMs: number): void {
  const past = log + wholeAt(numbers, log + pastClosed);
  let cell = log + wholeAt(numbers, log + firstClosed);
  let used = numbers[log + usedCost] as number;
  while (cell < past && now - (numbers[cell] as number) >= windowMs) {
    used -= numbers[cell + 1] as number;
    cell += 2;
  }
  const oldest = (cell < past ? numbers[cell] : numbers[log + openLatestAt]) as number;
  numbers[log + firstClosed] = cell - log;
  numbers[log + oldestAt] = oldest;
  numbers[log + usedCost] = now - oldest >= windowMs ? 0 : used;
}

/** Moves the open cell to the closed ones, unless it is empty; `false` if there is no room. */
function closeCell(numbers: Float64Array, log: number, capacity: number): boolean {
  if (numbers[log + openCost] === 0) return true;
  const past = wholeAt(numbers, log + pastClosed);
  if (past === sizeOf(capacity)) return false;
  numbers[log + past] = numbers[log + openLatestAt] as number;
  numbers[log + past + 1] = numbers[log + openCost] as number;
  numbers[log + pastClosed] = past + 2;
  return true;
}

/** The open cell stays where it is, and no admission falls into it any more: the next one opens a cell of its own. */
function removeCell(numbers: Float64Array, log: number, cell: number): void {
  if (cell === log + openLatestAt) {
    numbers[log + openEndsAt] = -Infinity;
    numbers[cell] = -Infinity;
    return;
  }
  const past = wholeAt(numbers, log + pastClosed);
  numbers.copyWithin(cell, cell + 2, log + past);
  numbers[log + pastClosed] = past - 2;
}

function cellEnd(latestAt: number, gridAt: number, { cells, windowMs }: LimitRule): number {
  if (cells === 0) return -Infinity;
  return gridAt + ((Math.floor(((latestAt - gridAt) * cells) / windowMs) + 1) * windowMs) / cells;
}
