import type { Clock } from '@holdfast/core';
import { type Ledger, type LimitRule, readingWidth, type RuleGroup, type Verdict } from '../store.ts';
import { type Counter, nothingPasses } from './counter.ts';
import { blankReadings, foundCapacity, foundSpent, foundUnit } from './readings.ts';
import { blockedUntilIn, keepUntil, Shelf } from './shelf.ts';
import { offsetOf } from './slab.ts';

/**
 * The counts of one limiter in memory.
 *
 * Invariants:
 * - a refused decision changes no count but those of attempts, and a cost of 0 changes none;
 * - a subject is taken in only when it is charged or blocked;
 * - time never goes back, whatever the clock says.
 */
export class MemoryLedger implements Ledger {
  readonly #clock: Clock;
  readonly #maxSubjects: number;
  readonly #shelves: Map<string, Shelf>;
  /** By the rule's index in the plan. */
  readonly #counters: readonly Counter[];
  /** Where the rule's scope has its subjects, by the rule's index. */
  readonly #shelvesByRule: readonly Shelf[];
  #latestAt = -Infinity;

  // Of the decision under way: each group's record, and until when a subject is blocked.
  readonly #records: number[];
  #blockedUntil = -Infinity;

  /** @param shelves - by scope; ledgers that are given the same ones share their counts. */
  constructor(
    clock: Clock,
    rules: readonly LimitRule[],
    maxSubjects: number,
    shelves: Map<string, Shelf> = new Map<string, Shelf>(),
  ) {
    this.#clock = clock;
    this.#maxSubjects = maxSubjects;
    this.#shelves = shelves;
    this.#records = rules.map(() => 0);
    this.#shelvesByRule = rules.map(({ scope }) => this.#shelf(scope));
    this.#counters = rules.map((rule, index) => (this.#shelvesByRule[index] as Shelf).counterOf(rule));
  }

  get trackedSubjects(): number {
    let tracked = 0;
    for (const { size } of this.#shelves.values()) tracked += size;
    return tracked;
  }

  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, factor: number): Verdict {
    const now = this.#now();
    const readings = blankReadings(rulesIn(groups));
    const roomy = this.#judge(groups, subjects, cost, factor, now, readings);
    const blockedMs = this.#blockedUntil > now ? this.#blockedUntil - now : 0;
    const allowed = roomy && blockedMs === 0;
    this.#conclude(groups, subjects, cost, now, allowed, readings);
    return { source: 'memory', readings, blockedMs, chargedAt: allowed && cost > 0 ? now : undefined };
  }

  adjust(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, chargedAt: number): void {
    const now = this.#now();
    for (const [g, { scope, rules }] of groups.entries()) {
      // A subject that owed nothing any more may have been dropped, and owes again what a call turned out to cost.
      const shelf = this.#shelf(scope);
      const record = this.#recordFor(shelf, subjects[g] as string, cost, now);
      if (record !== shelf.nobody)
        for (const rule of rules) this.#adjust(shelf, record, rule, cost, chargedAt, now);
    }
  }

  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    const now = this.#now();
    for (const [g, { scope, rules }] of groups.entries()) {
      const shelf = this.#shelf(scope);
      const record = this.#recordFor(shelf, subjects[g] as string, cost, now);
      if (record === shelf.nobody) continue;
      for (const rule of rules) {
        const counter = this.#counters[rule.index] as Counter;
        if (counter.capacityAt(1) === nothingPasses) continue;
        const numbers = shelf.chunkOf(record);
        const at = offsetOf(record);
        const spent = counter.spentAt(numbers, at, now);
        const amount = cost * counter.unitAt(1);
        if (cost < 0) counter.takeBack(numbers, at, spent, now, -amount);
        else keepUntil(numbers, at, now + counter.add(numbers, at, spent, now, amount));
      }
    }
  }

  block(scope: string, subject: string, forMs: number): void {
    const now = this.#now();
    const shelf = this.#shelf(scope);
    const record = this.#recordFor(shelf, subject, forMs, now);
    if (record === shelf.nobody) return;
    shelf.block(record, forMs === 0 ? undefined : now + forMs);
  }

  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void {
    const shelf = this.#shelf(scope);
    const record = shelf.find(subject);
    if (record === shelf.nobody) return;
    if (rules === undefined) return shelf.drop(subject);
    for (const { index } of rules)
      (this.#counters[index] as Counter).clear(shelf.chunkOf(record), offsetOf(record));
  }

  #now(): number {
    const now = this.#clock.now();
    if (now > this.#latestAt) this.#latestAt = now;
    return this.#latestAt;
  }

  #shelfOf(rules: readonly LimitRule[]): Shelf {
    return this.#shelvesByRule[(rules[0] as LimitRule).index] as Shelf;
  }

  #shelf(scope: string): Shelf {
    let shelf = this.#shelves.get(scope);
    if (shelf === undefined) this.#shelves.set(scope, (shelf = new Shelf(this.#maxSubjects)));
    return shelf;
  }

  /** The subject's record, a new one if something is put on it, or that of nobody. */
  #recordFor(shelf: Shelf, subject: string, amount: number, now: number): number {
    const record = shelf.find(subject);
    return record === shelf.nobody && amount > 0 ? shelf.add(subject, now) : record;
  }

  /** Whether every rule has room that can refuse. Writes what it found into the readings. */
  #judge(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
    now: number,
    readings: number[],
  ): boolean {
    let roomy = true;
    this.#blockedUntil = -Infinity;
    for (let g = 0, i = 0; g < groups.length; g += 1) {
      const { rules } = groups[g] as RuleGroup;
      const shelf = this.#shelfOf(rules);
      const record = shelf.find(subjects[g] as string);
      const numbers = shelf.chunkOf(record);
      const at = offsetOf(record);
      this.#records[g] = record;
      this.#blockedUntil = Math.max(this.#blockedUntil, blockedUntilIn(numbers, at));
      for (let r = 0; r < rules.length; r += 1, i += readingWidth) {
        const { index, shadow } = rules[r] as LimitRule;
        const counter = this.#counters[index] as Counter;
        const unit = counter.unitAt(factor);
        const capacity = counter.capacityAt(factor);
        const spent = counter.spentAt(numbers, at, now);
        const exceeded = spent + cost * unit > capacity;
        if (exceeded && !shadow) roomy = false;
        readings[i] = exceeded ? 1 : 0;
        readings[i + foundSpent] = spent;
        readings[i + foundUnit] = unit;
        readings[i + foundCapacity] = capacity;
      }
    }
    return roomy;
  }

  /**
   * Charges the rules that have room – all of an allowed call, those that count attempts of a refused one – and puts into the
   * readings how all of them stand then.
   */
  #conclude(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    now: number,
    allowed: boolean,
    readings: number[],
  ): void {
    const wanted = cost > 1 ? cost : 1;
    for (let g = 0, i = 0; g < groups.length; g += 1) {
      const { rules } = groups[g] as RuleGroup;
      const shelf = this.#shelfOf(rules);
      let record = this.#records[g] as number;
      let numbers = shelf.chunkOf(record);
      let at = offsetOf(record);
      let longestMs = 0;
      for (let r = 0; r < rules.length; r += 1, i += readingWidth) {
        const { index, countsAttempts } = rules[r] as LimitRule;
        const counter = this.#counters[index] as Counter;
        const unit = readings[i + foundUnit] as number;
        const capacity = readings[i + foundCapacity] as number;
        let spent = readings[i + foundSpent] as number;
        let emptyAfterMs = 0;
        if (cost > 0 && readings[i] === 0 && (allowed || countsAttempts)) {
          if (record === shelf.nobody) {
            record = shelf.add(subjects[g] as string, now);
            numbers = shelf.chunkOf(record);
            at = offsetOf(record);
          }
          emptyAfterMs = counter.add(numbers, at, spent, now, cost * unit);
          spent += cost * unit;
          if (emptyAfterMs > longestMs) longestMs = emptyAfterMs;
        } else if (spent > 0) {
          emptyAfterMs = counter.emptyAfterMs(numbers, at, spent, now);
        }
        const needed = wanted * unit;
        let retryAfterMs = 0;
        if (spent + needed > capacity)
          retryAfterMs =
            needed > capacity ? Infinity : counter.freesAfterMs(numbers, at, now, spent + needed - capacity);
        // A strict limit has a unit of 1, and a division would cost as much as the rest.
        const left = unit === 1 ? capacity - spent : Math.floor((capacity - spent) / unit);
        readings[i + 1] = left > 0 ? left : 0;
        readings[i + 2] = retryAfterMs;
        readings[i + 3] = emptyAfterMs;
      }
      if (longestMs > 0) keepUntil(numbers, at, now + longestMs);
    }
  }

  #adjust(shelf: Shelf, record: number, rule: LimitRule, cost: number, chargedAt: number, now: number): void {
    if (rule.limit === 0 || chargedAt + rule.windowMs <= now) return;
    const counter = this.#counters[rule.index] as Counter;
    const numbers = shelf.chunkOf(record);
    const at = offsetOf(record);
    counter.adjust(numbers, at, now, chargedAt, cost * counter.unitAt(1));
    const spent = counter.spentAt(numbers, at, now);
    keepUntil(numbers, at, now + counter.emptyAfterMs(numbers, at, spent, now));
  }
}

function rulesIn(groups: readonly RuleGroup[]): number {
  let rules = 0;
  for (let g = 0; g < groups.length; g += 1) rules += (groups[g] as RuleGroup).rules.length;
  return rules;
}
