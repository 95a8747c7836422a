import { nothingPasses } from '../memory/counter.ts';
import { limitAt, type LimitRule } from '../store.ts';
import type { Counting, Slot } from './slot.ts';
import { smoothCounting } from './smooth-counting.ts';
import { strictCounting } from './strict-counting.ts';
import type { SubjectRecord } from './subject-record.ts';

const countings: Readonly<Record<LimitRule['mode'], Counting>> = {
  strict: strictCounting,
  smooth: smoothCounting,
};

/** One limit of one subject at one instant. */
export class Account {
  readonly rule: LimitRule;
  readonly #now: number;
  readonly #counting: Counting;
  readonly #slot: Slot;
  readonly #unit: number;
  readonly #capacity: number;
  #spent: number;

  /** @param factor - lowers the limit, see `limitAt`. */
  constructor(record: SubjectRecord, rule: LimitRule, now: number, factor: number) {
    const limit = limitAt(rule, factor);
    this.rule = rule;
    this.#now = now;
    this.#counting = countings[rule.mode];
    this.#slot = record.slotOf(rule);
    this.#unit = this.#counting.unitOf(rule, limit);
    this.#capacity = this.#counting.capacityOf(rule, limit);
    this.#spent = this.#counting.spentAt(this.#slot, now, rule);
  }

  hasRoom(cost: number): boolean {
    return this.#spent + cost * this.#unit <= this.#capacity;
  }

  /** Charges without judging. A limit of 0 holds nothing. */
  charge(cost: number): void {
    if (this.#capacity === nothingPasses) return;
    this.#counting.add(this.#slot, this.#spent, this.#now, cost * this.#unit, this.rule);
    this.#changed();
  }

  /** Takes up to `cost` off what counts, the latest first. */
  takeBack(cost: number): void {
    this.#counting.takeBack(this.#slot, this.#spent, this.#now, cost * this.#unit);
    this.#changed();
  }

  /** Changes what was charged at `chargedAt`, unless the window is over since. */
  adjust(cost: number, chargedAt: number): void {
    if (this.#capacity === nothingPasses || chargedAt + this.rule.windowMs <= this.#now) return;
    this.#counting.adjust(this.#slot, this.#spent, this.#now, chargedAt, cost * this.#unit, this.rule);
    this.#changed();
  }

  /** The four numbers of a verdict. */
  readings(cost: number, hadRoom: boolean): readonly [number, number, number, number] {
    const left = Math.max(0, Math.floor((this.#capacity - this.#spent) / this.#unit));
    return [hadRoom ? 0 : 1, left, this.#passesAfterMs(Math.max(1, cost)), this.#emptyAfterMs()];
  }

  #changed(): void {
    this.#spent = this.#counting.spentAt(this.#slot, this.#now, this.rule);
    // Whole milliseconds, because an instant on the wall clock has no room for the debts of high limits.
    this.#slot.endsAt = this.#now + Math.ceil(this.#emptyAfterMs());
  }

  #passesAfterMs(cost: number): number {
    const amount = cost * this.#unit;
    if (amount > this.#capacity) return Infinity;
    const excess = this.#spent + amount - this.#capacity;
    return excess <= 0 ? 0 : this.#counting.freesAfterMs(this.#slot, this.#now, excess, this.rule);
  }

  #emptyAfterMs(): number {
    return this.#spent === 0 ? 0 : this.#counting.emptyAfterMs(this.#slot, this.#spent, this.#now, this.rule);
  }
}
