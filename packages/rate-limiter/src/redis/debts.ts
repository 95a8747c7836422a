import type { RuleGroup } from '../store.ts';

/** What a subject was charged in this process under one group, and the store does not know. */
export interface Debt {
  readonly group: RuleGroup;
  readonly subject: string;
  /** Below 0 if the subject has to get back more than it was charged. */
  cost: number;
  chargedAt: number;
}

/** What is owed to the store from an outage; at most `maxDebts` subjects and groups, later ones are forgotten. */
export class Debts {
  readonly #maxDebts: number;
  readonly #owed = new Map<RuleGroup, Map<string, Debt>>();
  #size = 0;

  constructor(maxDebts: number) {
    this.#maxDebts = maxDebts;
  }

  get size(): number {
    return this.#size;
  }

  add(group: RuleGroup, subject: string, cost: number, now: number): void {
    let debts = this.#owed.get(group);
    if (debts === undefined) this.#owed.set(group, (debts = new Map()));
    const debt = debts.get(subject);
    if (debt !== undefined) {
      debt.cost += cost;
      debt.chargedAt = now;
    } else if (this.#size < this.#maxDebts) {
      debts.set(subject, { group, subject, cost, chargedAt: now });
      this.#size += 1;
    }
  }

  /** Lowers what a subject owes by up to `cost`, or raises it if negative, and returns by how much. */
  reduce(scope: string, subject: string, cost: number): number {
    let left = cost;
    for (const [group, debts] of this.#owed) {
      const debt = group.scope === scope ? debts.get(subject) : undefined;
      if (debt === undefined || left === 0) continue;
      const change = Math.min(left, Math.max(0, debt.cost));
      debt.cost -= change;
      left -= change;
    }
    return cost - left;
  }

  /** Forgets what a subject owes. */
  forgive(scope: string, subject: string): void {
    for (const [group, debts] of this.#owed)
      if (group.scope === scope && debts.delete(subject)) this.#size -= 1;
  }

  /** Removes up to `count` of those that still count. */
  take(count: number, now: number): readonly Debt[] {
    const taken: Debt[] = [];
    for (const [group, debts] of this.#owed) {
      for (const [subject, debt] of debts) {
        if (taken.length === count) return taken;
        debts.delete(subject);
        this.#size -= 1;
        const counts = group.rules.some(({ windowMs }) => debt.chargedAt + windowMs > now);
        if (counts && debt.cost !== 0) taken.push(debt);
      }
      this.#owed.delete(group);
    }
    return taken;
  }
}
