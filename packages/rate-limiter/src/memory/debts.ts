import { debtAfter, debtOfOne, largestDebt, paysOffMs } from '../smooth.ts';
import type { LimitRule } from '../store.ts';
import { type Counts, nothingPasses } from './counts.ts';
import { offsetOf, type Slab } from './slab.ts';

/** What subjects owe under smooth limits. A place holds (instant, debt at that instant). */
export class Debts implements Counts {
  readonly #slab: Slab;

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  unitOf(rule: LimitRule, limit: number): number {
    return debtOfOne(rule, limit);
  }

  capacityOf(rule: LimitRule): number {
    return rule.limit === 0 ? nothingPasses : largestDebt(rule);
  }

  spentAt(place: number, now: number, rule: LimitRule): number {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    const debt = numbers[at + 1] as number;
    return debt === 0 ? 0 : debtAfter(debt, now - (numbers[at] as number), rule);
  }

  add(place: number, spent: number, now: number, amount: number, rule: LimitRule): number {
    this.#set(place, now, spent + amount);
    return paysOffMs(spent + amount, rule);
  }

  freesAfterMs(_place: number, _spent: number, _now: number, excess: number, rule: LimitRule): number {
    return paysOffMs(excess, rule);
  }

  emptyAfterMs(_place: number, spent: number, _now: number, rule: LimitRule): number {
    return paysOffMs(spent, rule);
  }

  adjust(place: number, now: number, _chargedAt: number, amount: number, rule: LimitRule): void {
    const spent = this.spentAt(place, now, rule);
    this.#set(place, now, Math.max(0, spent + amount));
  }

  takeBack(place: number, spent: number, now: number, amount: number): void {
    this.#set(place, now, Math.max(0, spent - amount));
  }

  clear(place: number): void {
    this.#set(place, 0, 0);
  }

  #set(place: number, now: number, debt: number): void {
    const numbers = this.#slab.chunkOf(place);
    const at = offsetOf(place);
    numbers[at] = now;
    numbers[at + 1] = debt;
  }
}
