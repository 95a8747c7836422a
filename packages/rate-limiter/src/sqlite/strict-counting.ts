import { cellsPerWindow } from '../memory/strict-counter.ts';
import { nothingPasses } from '../memory/counter.ts';
import type { LimitRule } from '../store.ts';
import type { Counting, Slot } from './slot.ts';

/** A window touches one cell more than fit in it. */
export const mostCells: number = cellsPerWindow + 1;

/** Logs of cells: the same rule as in memory and in Redis, where a charge counts until its whole cell has left the window. */
export const strictCounting: Counting = {
  unitOf: () => 1,

  capacityOf: (_rule, limit) => (limit === 0 ? nothingPasses : limit),

  spentAt({ cells }, now, { windowMs }) {
    let first = 0;
    while (first < cells.length && now - (cells[first] as number) >= windowMs) first += 2;
    if (first > 0) cells.splice(0, first);
    let spent = 0;
    for (let cost = 1; cost < cells.length; cost += 2) spent += cells[cost] as number;
    return spent;
  },

  add(slot, spent, now, amount, rule) {
    const { cells } = slot;
    if (spent === 0) {
      cells.length = 0;
      slot.gridStartsAt = now;
    }
    const last = cells.length - 2;
    // Penalties that would need more cells than there are go into the last one and count longer.
    if (last >= 0 && (isSameCell(slot, now, rule) || cells.length === 2 * mostCells)) {
      cells[last] = now;
      cells[last + 1] = (cells[last + 1] as number) + amount;
    } else {
      cells.push(now, amount);
    }
  },

  /**
   * The cost is in the first cell that ends at or after `chargedAt`. If there is none, it was given back, and what is added
   * opens a cell.
   */
  adjust(slot, spent, _now, chargedAt, amount, rule) {
    const { cells } = slot;
    let cell = 0;
    while (cell < cells.length && (cells[cell] as number) < chargedAt) cell += 2;
    if (cell < cells.length) change(cells, cell, amount);
    else if (amount > 0) this.add(slot, spent, chargedAt, amount, rule);
  },

  takeBack({ cells }, spent, _now, amount) {
    for (let owed = Math.min(amount, spent); owed > 0;) {
      const last = cells.length - 2;
      const cost = cells[last + 1] as number;
      change(cells, last, -owed);
      owed -= cost;
    }
  },

  freesAfterMs({ cells }, now, excess, { windowMs }) {
    let cell = 0;
    for (let freed = cells[1] as number; freed < excess; freed += cells[cell + 1] as number) cell += 2;
    return windowMs - (now - (cells[cell] as number));
  },

  emptyAfterMs: ({ cells }, _spent, now, { windowMs }) => windowMs - (now - (cells.at(-2) as number)),
};

/** A cell whose cost comes to 0 is gone. */
function change(cells: number[], cell: number, amount: number): void {
  const cost = Math.max(0, (cells[cell + 1] as number) + amount);
  if (cost === 0) cells.splice(cell, 2);
  else cells[cell + 1] = cost;
}

function isSameCell({ cells, gridStartsAt }: Slot, now: number, rule: LimitRule): boolean {
  const last = cells.at(-2) as number;
  if (last === now) return true;
  const cellAt = (instant: number): number =>
    Math.floor(((instant - gridStartsAt) * rule.cells) / rule.windowMs);
  return rule.cells > 0 && cellAt(last) === cellAt(now);
}
