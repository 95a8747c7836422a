import { nothingPasses } from '../memory/counter.ts';
import { debtAfter, debtOfOne, largestDebt, paysOffMs } from '../smooth.ts';
import type { Counting, Slot } from './slot.ts';

/** Debts, as `smooth.ts` tells. */
export const smoothCounting: Counting = {
  unitOf: debtOfOne,
  capacityOf: (rule) => (rule.limit === 0 ? nothingPasses : largestDebt(rule)),
  spentAt: ({ cells: [at = 0, debt = 0] }, now, rule) => debtAfter(debt, now - at, rule),
  add: (slot, spent, now, amount) => owe(slot, now, spent + amount),
  adjust: (slot, spent, now, _chargedAt, amount) => owe(slot, now, spent + amount),
  takeBack: (slot, spent, now, amount) => owe(slot, now, spent - amount),
  freesAfterMs: (_slot, _now, excess, rule) => paysOffMs(excess, rule),
  emptyAfterMs: (_slot, spent, _now, rule) => paysOffMs(spent, rule),
};

function owe({ cells }: Slot, now: number, debt: number): void {
  if (debt <= 0) cells.length = 0;
  else [cells[0], cells[1]] = [now, debt];
}
