import type { Clock } from '@holdfast/core';
import { type Ledger, limitAt, type LimitRule, type RuleGroup, type Verdict } from '../store.ts';
import { type Counts, nothingPasses } from './counts.ts';
import { noRecord, Shelf } from './shelf.ts';

/** How a rule is counted: by which counts, at which place in a subject's record, and within what while no factor lowers it. */
interface Post {
  readonly shelf: Shelf;
  readonly counts: Counts;
  readonly place: number;
  readonly unit: number;
  readonly capacity: number;
}

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
  readonly #posts: readonly Post[];
  #latestAt = -Infinity;

  // What was found of the decision under way: each group's record, each rule's amount and whether it has no room.
  readonly #records: number[] = [];
  readonly #spent: number[] = [];
  readonly #exceeded: boolean[] = [];
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
    this.#posts = rules.map((rule) => {
      const shelf = this.#shelf(rule.scope);
      const counts = rule.mode === 'strict' ? shelf.logs : shelf.debts;
      return {
        shelf,
        counts,
        place: shelf.placeOf(`${rule.mode} ${rule.name}`),
        unit: counts.unitOf(rule, rule.limit),
        capacity: counts.capacityOf(rule, rule.limit),
      };
    });
  }

  get trackedSubjects(): number {
    let tracked = 0;
    for (const { size } of this.#shelves.values()) tracked += size;
    return tracked;
  }

  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, factor: number): Verdict {
    const now = this.#now();
    const roomy = this.#judge(groups, subjects, cost, factor, now);
    const blockedMs = Math.max(0, this.#blockedUntil - now);
    const allowed = roomy && blockedMs === 0;
    const readings = this.#conclude(groups, subjects, cost, factor, now, allowed);
    return { source: 'memory', readings, blockedMs, chargedAt: allowed && cost > 0 ? now : undefined };
  }

  adjust(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, chargedAt: number): void {
    const now = this.#now();
    for (const [g, { scope, rules }] of groups.entries()) {
      // A subject that owed nothing any more may have been dropped, and owes again what a call turned out to cost.
      const record = this.#recordFor(this.#shelf(scope), subjects[g] as string, cost, now);
      if (record !== noRecord) for (const rule of rules) this.#adjust(record, rule, cost, chargedAt, now);
    }
  }

  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    const now = this.#now();
    for (const [g, { scope, rules }] of groups.entries()) {
      const shelf = this.#shelf(scope);
      const record = this.#recordFor(shelf, subjects[g] as string, cost, now);
      if (record === noRecord) continue;
      for (const rule of rules) {
        const { counts, place, unit, capacity } = this.#posts[rule.index] as Post;
        if (capacity === nothingPasses) continue;
        const spent = counts.spentAt(record + place, now, rule);
        if (cost < 0) counts.takeBack(record + place, spent, now, -cost * unit);
        else shelf.keepUntil(record, now + counts.add(record + place, spent, now, cost * unit, rule));
      }
    }
  }

  block(scope: string, subject: string, forMs: number): void {
    const now = this.#now();
    const shelf = this.#shelf(scope);
    const record = this.#recordFor(shelf, subject, forMs, now);
    if (record === noRecord) return;
    shelf.block(record, forMs === 0 ? -Infinity : Math.max(shelf.blockedUntil(record), now + forMs));
  }

  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void {
    const shelf = this.#shelf(scope);
    const record = shelf.find(subject);
    if (record === noRecord) return;
    if (rules === undefined) return shelf.drop(subject);
    for (const { index } of rules) {
      const { counts, place } = this.#posts[index] as Post;
      counts.clear(record + place);
    }
  }

  #now(): number {
    return (this.#latestAt = Math.max(this.#latestAt, this.#clock.now()));
  }

  #shelf(scope: string): Shelf {
    let shelf = this.#shelves.get(scope);
    if (shelf === undefined) this.#shelves.set(scope, (shelf = new Shelf(this.#maxSubjects)));
    return shelf;
  }

  /** The subject's record, a new one if something is put on it, or {@link noRecord}. */
  #recordFor(shelf: Shelf, subject: string, amount: number, now: number): number {
    const record = shelf.find(subject);
    return record === noRecord && amount > 0 ? shelf.add(subject, now) : record;
  }

  /** Whether every rule has room that can refuse; notes what it found. */
  #judge(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
    now: number,
  ): boolean {
    let roomy = true;
    let i = 0;
    this.#blockedUntil = -Infinity;
    for (let g = 0; g < groups.length; g += 1) {
      const { rules } = groups[g] as RuleGroup;
      const { shelf } = this.#posts[(rules[0] as LimitRule).index] as Post;
      const record = shelf.find(subjects[g] as string);
      this.#records[g] = record;
      if (record !== noRecord) this.#blockedUntil = Math.max(this.#blockedUntil, shelf.blockedUntil(record));
      for (let r = 0; r < rules.length; r += 1, i += 1) {
        const rule = rules[r] as LimitRule;
        const post = this.#posts[rule.index] as Post;
        const { unit, capacity } = factor < 1 ? lowered(post, rule, factor) : post;
        const spent = record === noRecord ? 0 : post.counts.spentAt(record + post.place, now, rule);
        const exceeded = spent + cost * unit > capacity;
        if (exceeded && !rule.shadow) roomy = false;
        this.#spent[i] = spent;
        this.#exceeded[i] = exceeded;
      }
    }
    return roomy;
  }

  /** Charges the rules that have room – all of an allowed call, those that count attempts of a refused one – and reads all. */
  #conclude(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    factor: number,
    now: number,
    allowed: boolean,
  ): number[] {
    const readings: number[] = [];
    const wanted = cost > 1 ? cost : 1;
    let i = 0;
    for (let g = 0; g < groups.length; g += 1) {
      const { rules } = groups[g] as RuleGroup;
      const { shelf } = this.#posts[(rules[0] as LimitRule).index] as Post;
      let record = this.#records[g] as number;
      let longestMs = 0;
      for (let r = 0; r < rules.length; r += 1, i += 1) {
        const rule = rules[r] as LimitRule;
        const post = this.#posts[rule.index] as Post;
        const { unit, capacity } = factor < 1 ? lowered(post, rule, factor) : post;
        const exceeded = this.#exceeded[i] as boolean;
        let spent = this.#spent[i] as number;
        let emptyAfterMs = 0;
        if (cost > 0 && !exceeded && (allowed || rule.countsAttempts)) {
          if (record === noRecord) record = shelf.add(subjects[g] as string, now);
          emptyAfterMs = post.counts.add(record + post.place, spent, now, cost * unit, rule);
          spent += cost * unit;
          if (emptyAfterMs > longestMs) longestMs = emptyAfterMs;
        } else if (spent > 0) {
          emptyAfterMs = post.counts.emptyAfterMs(record + post.place, spent, now, rule);
        }
        const excess = spent + wanted * unit - capacity;
        let retryAfterMs = 0;
        if (wanted * unit > capacity) retryAfterMs = Infinity;
        else if (excess > 0)
          retryAfterMs = post.counts.freesAfterMs(record + post.place, spent, now, excess, rule);
        // A strict limit has a unit of 1, and a division would cost as much as the rest.
        const left = unit === 1 ? capacity - spent : Math.floor((capacity - spent) / unit);
        readings.push(exceeded ? 1 : 0, left > 0 ? left : 0, retryAfterMs, emptyAfterMs);
      }
      if (longestMs > 0) shelf.keepUntil(record, now + longestMs);
    }
    return readings;
  }

  #adjust(record: number, rule: LimitRule, cost: number, chargedAt: number, now: number): void {
    if (rule.limit === 0 || chargedAt + rule.windowMs <= now) return;
    const { shelf, counts, place, unit } = this.#posts[rule.index] as Post;
    counts.adjust(record + place, now, chargedAt, cost * unit, rule);
    const spent = counts.spentAt(record + place, now, rule);
    shelf.keepUntil(record, now + counts.emptyAfterMs(record + place, spent, now, rule));
  }
}

/** What counts while a factor lowers the limit. */
function lowered({ counts }: Post, rule: LimitRule, factor: number): Pick<Post, 'unit' | 'capacity'> {
  const limit = limitAt(rule, factor);
  return { unit: counts.unitOf(rule, limit), capacity: counts.capacityOf(rule, limit) };
}
