import { debtAfter, debtOfOne, largestDebt, paysOffMs } from '../smooth.ts';
import { limitAt, type LimitRule } from '../store.ts';
import { type Counter, nothingPasses } from './counter.ts';

/** What subjects owe under a smooth limit. The place holds (instant, debt at that instant). */
export class SmoothCounter implements Counter {
  readonly #rule: LimitRule;
  readonly #place: number;

  /** @param place - where in a record. */
  constructor(rule: LimitRule, place: number) {
    this.#rule = rule;
    this.#place = place;
  }

  unitAt(factor: number): number {
    return debtOfOne(this.#rule, factor < 1 ? limitAt(this.#rule, factor) : this.#rule.limit);
  }

  capacityAt(): number {
    return this.#rule.limit === 0 ? nothingPasses : largestDebt(this.#rule);
  }

  spentAt(numbers: Float64Array, record: number, now: number): number {
    const at = record + this.#place;
    const debt = numbers[at + 1] as number;
    return debt === 0 ? 0 : debtAfter(debt, now - (numbers[at] as number), this.#rule);
  }

  add(numbers: Float64Array, record: number, spent: number, now: number, amount: number): number {
    this.#owe(numbers, record, now, spent + amount);
    return paysOffMs(spent + amount, this.#rule);
  }

  freesAfterMs(_numbers: Float64Array, _record: number, _now: number, excess: number): number {
    return paysOffMs(excess, this.#rule);
  }

  emptyAfterMs(_numbers: Float64Array, _record: number, spent: number): number {
    return paysOffMs(spent, this.#rule);
  }

  adjust(numbers: Float64Array, record: number, now: number, _chargedAt: number, amount: number): void {
    this.#owe(numbers, record, now, Math.max(0, this.spentAt(numbers, record, now) + amount));
  }

  takeBack(numbers: Float64Array, record: number, spent: number, now: number, amount: number): void {
    this.#owe(numbers, record, now, Math.max(0, spent - amount));
  }

  clear(numbers: Float64Array, record: number): void {
    this.#owe(numbers, record, 0, 0);
  }

  #owe(numbers: Float64Array, record: number, now: number, debt: number): void {
    const at = record + this.#place;
    numbers[at] = now;
    numbers[at + 1] = debt;
  }
}
