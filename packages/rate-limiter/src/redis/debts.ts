import type { LimitRule, RuleGroup } from '../store.ts';

/** What a subject was charged in this process under some rules, and the store does not know. */
export interface Debt {
  readonly group: RuleGroup;
  readonly subject: string;
  /** Below 0 if the subject has to get back more than it was charged. */
  readonly cost: number;
}

interface Owed {
  cost: number;
  chargedAt: number;
}

/** By rule, as calls of other tags are charged under others, and corrections leave out those that count attempts. */
type Account = Map<LimitRule, Owed>;

/** What is owed to the store from an outage, by at most `maxDebts` subjects of all scopes; later ones are forgotten. */
export class Debts {
  readonly #maxDebts: number;
  /** By scope and subject. */
  readonly #owed = new Map<string, Map<string, Account>>();
  #size = 0;

  constructor(maxDebts: number) {
    this.#maxDebts = maxDebts;
  }

  get size(): number {
    return this.#size;
  }

  add({ scope, rules }: RuleGroup, subject: string, cost: number, now: number): void {
    const account = this.#find(scope, subject) ?? this.#open(scope, subject);
    if (account === undefined) return;
    for (const rule of rules) {
      const before = account.get(rule)?.cost ?? 0;
      account.set(rule, { cost: before + cost, chargedAt: now });
    }
  }

  /**
   * Changes what a subject owes where it owes something; what is given back lowers it to 0 at most. Returns what is left to
   * charge, or to give back, elsewhere.
   */
  change({ scope, rules }: RuleGroup, subject: string, cost: number): readonly Debt[] {
    const account = this.#find(scope, subject);
    const rest = rules.map((rule): [LimitRule, number] => {
      const owed = account?.get(rule);
      if (owed === undefined) return [rule, cost];
      const change = Math.max(cost, Math.min(0, -owed.cost));
      owed.cost += change;
      return [rule, cost - change];
    });
    return debtsOf(scope, subject, rest);
  }

  /** Forgets what a subject owes under these rules, and with `undefined` all of it. */
  forgive(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void {
    const account = this.#find(scope, subject);
    if (account === undefined) return;
    for (const rule of rules ?? account.keys()) account.delete(rule);
    if (account.size === 0) this.#close(scope, subject);
  }

  /** Removes what about `count` subjects owe that still counts. */
  take(count: number, now: number): readonly Debt[] {
    const taken: Debt[] = [];
    for (const [scope, accounts] of this.#owed)
      for (const [subject, account] of accounts) {
        if (taken.length >= count) return taken;
        this.#close(scope, subject);
        const counting = [...account].filter(([{ windowMs }, { chargedAt }]) => chargedAt + windowMs > now);
        taken.push(
          ...debtsOf(
            scope,
            subject,
            counting.map(([rule, { cost }]) => [rule, cost]),
          ),
        );
      }
    return taken;
  }

  #find(scope: string, subject: string): Account | undefined {
    return this.#owed.get(scope)?.get(subject);
  }

  #open(scope: string, subject: string): Account | undefined {
    if (this.#size >= this.#maxDebts) return undefined;
    let accounts = this.#owed.get(scope);
    if (accounts === undefined) this.#owed.set(scope, (accounts = new Map()));
    const account: Account = new Map();
    accounts.set(subject, account);
    this.#size += 1;
    return account;
  }

  #close(scope: string, subject: string): void {
    if (this.#owed.get(scope)?.delete(subject) === true) this.#size -= 1;
  }
}

/** Rules of the same cost go together; a cost of 0 is none. */
function debtsOf(scope: string, subject: string, costs: readonly (readonly [LimitRule, number])[]): Debt[] {
  const byCost = Map.groupBy(
    costs.filter(([, cost]) => cost !== 0),
    ([, cost]) => cost,
  );
  return Array.from(byCost, ([cost, of]) => ({
    group: { scope, rules: of.map(([rule]) => rule) },
    subject,
    cost,
  }));
}
