import { type Clock, wholeNumber } from '@holdfast/core';
import { CellLog } from './cell-log.ts';
import {
  type Ledger,
  type LimitPlan,
  type LimitRule,
  type RateLimitStore,
  readingWidth,
  type RuleGroup,
  type Verdict,
} from './store.ts';
import { type SubjectCounts, SubjectTable } from './subject-table.ts';

export interface MemoryStoreOptions {
  /**
   * Most subjects held per limiter and scope; a whole number of at least 1. Defaults to 100,000. When more of them
   * count at once, the one whose spending runs out first, of a sample, is forgotten.
   */
  readonly maxSubjects?: number | undefined;
}

/** One scope's subjects, and where in a subject each limit keeps its log. */
interface Shelf {
  readonly table: SubjectTable;
  readonly slots: Map<string, number>;
}

/** Keeps the counts in this process. Decides synchronously, holds a bounded number of subjects and no timer. */
export class MemoryStore implements RateLimitStore {
  readonly #maxSubjects: number;
  readonly #shelves = new Map<string, Map<string, Shelf>>();

  constructor(options: MemoryStoreOptions = {}) {
    this.#maxSubjects = wholeNumber('maxSubjects', options.maxSubjects ?? 100_000, 1);
  }

  open({ name, rules, clock }: LimitPlan): Ledger {
    let shelves = this.#shelves.get(name);
    if (shelves === undefined) this.#shelves.set(name, (shelves = new Map()));
    return new MemoryLedger(clock, rules, shelves, this.#maxSubjects);
  }
}

/**
 * The counts of one limiter in memory.
 *
 * Invariants: a refused decision and a cost of 0 change no count and add no subject; time never goes back,
 * whatever the clock says.
 */
export class MemoryLedger implements Ledger {
  readonly #clock: Clock;
  readonly #shelves: ReadonlyMap<string, Shelf>;
  /** Slot of each rule, by its index in the plan. */
  readonly #slots: readonly number[];
  readonly #readings: number[] = [];
  readonly #verdict: Verdict = { source: 'memory', readings: this.#readings };
  #latestAt = -Infinity;

  constructor(clock: Clock, rules: readonly LimitRule[], shelves: Map<string, Shelf>, maxSubjects: number) {
    this.#clock = clock;
    this.#shelves = shelves;
    this.#slots = rules.map(({ scope, name }) => {
      let shelf = shelves.get(scope);
      if (shelf === undefined) {
        shelf = { table: new SubjectTable(maxSubjects), slots: new Map() };
        shelves.set(scope, shelf);
      }
      const slot = shelf.slots.get(name) ?? shelf.slots.size;
      shelf.slots.set(name, slot);
      return slot;
    });
  }

  get trackedSubjects(): number {
    let tracked = 0;
    for (const { table } of this.#shelves.values()) tracked += table.size;
    return tracked;
  }

  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): Verdict {
    const now = (this.#latestAt = Math.max(this.#latestAt, this.#clock.now()));
    const charged = this.#judge(groups, subjects, cost, now) && cost > 0;
    let at = 0;
    for (let i = 0; i < groups.length; i += 1) {
      const { scope, rules } = groups[i] as RuleGroup;
      const { table, slots } = this.#shelves.get(scope) as Shelf;
      const subject = subjects[i] as string;
      let counts = table.find(subject);
      if (charged) this.#charge((counts ??= table.add(subject, now, slots.size)), rules, cost, now);
      for (const rule of rules) {
        this.#read(counts?.logs[this.#slots[rule.index] as number], rule, cost, now, at);
        at += readingWidth;
      }
    }
    return this.#verdict;
  }

  /** Whether every rule has room; notes which have not. */
  #judge(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, now: number): boolean {
    let allowed = true;
    let at = 0;
    for (let i = 0; i < groups.length; i += 1) {
      const { scope, rules } = groups[i] as RuleGroup;
      const counts = this.#shelves.get(scope)?.table.find(subjects[i] as string);
      for (const { index, limit, windowMs } of rules) {
        const used = counts?.logs[this.#slots[index] as number]?.usedAt(now, windowMs) ?? 0;
        const refuses = limit === 0 || used + cost > limit;
        if (refuses) allowed = false;
        this.#readings[at] = refuses ? 1 : 0;
        at += readingWidth;
      }
    }
    return allowed;
  }

  #charge(counts: SubjectCounts, rules: readonly LimitRule[], cost: number, now: number): void {
    for (const rule of rules) {
      const slot = this.#slots[rule.index] as number;
      const log = counts.logs[slot];
      if (log === undefined) counts.logs[slot] = new CellLog(now, cost);
      else log.add(now, cost, rule);
      counts.countsUntil = Math.max(counts.countsUntil, now + rule.windowMs);
    }
  }

  #read(
    log: CellLog | undefined,
    { limit, windowMs }: LimitRule,
    cost: number,
    now: number,
    at: number,
  ): void {
    const readings = this.#readings;
    const used = log?.usedAt(now, windowMs) ?? 0;
    const wanted = Math.max(1, cost);
    const excess = used + wanted - limit;
    readings[at + 1] = Math.max(0, limit - used);
    if (wanted > limit) readings[at + 2] = Infinity;
    else readings[at + 2] = excess > 0 ? (log?.freesAfterMs(now, windowMs, excess) ?? 0) : 0;
    readings[at + 3] = log?.emptyAfterMs(now, windowMs) ?? 0;
  }
}
