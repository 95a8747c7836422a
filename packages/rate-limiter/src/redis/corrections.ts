import type { Clock } from '@holdfast/core';
import type { LimitRule, RuleGroup } from '../store.ts';
import { type Debt, Debts } from './debts.ts';
import type { LocalLedger } from '../outage/local-ledger.ts';
import { type Order, Orders } from './orders.ts';
import { type PlanScripts, placesOf } from './plan-scripts.ts';
import type { RedisScript } from './script.ts';

/** Orders or debts that are told at once after an outage, so that the server does not get all of them together. */
const atOnce = 32;

export interface CorrectionsParts {
  readonly scripts: PlanScripts;
  readonly local: LocalLedger;
  readonly clock: Clock;
  readonly maxDebts: number;
  /** Whether the store is out: what is done meanwhile is done here. */
  readonly isOut: () => boolean;
  /** Runs a script under the key of a subject. Resolves whatever comes of it. */
  readonly run: (
    script: RedisScript,
    scope: string,
    subject: string,
    args: readonly (string | number)[],
  ) => Promise<void>;
  /** Charges in this process what the store knew of a subject, once per outage. */
  readonly recall: (scope: string, subject: string) => void;
  /** What was refused to a subject is not what the store would say any more. */
  readonly outdate: (scope: string, subject: string) => void;
  /** Quota is given back to a subject: nothing that the store said of it is certain any more. */
  readonly forgive: (scope: string, subject: string) => void;
}

/** Changes what was charged. What cannot be told to the store is kept here, and as a debt that is paid when it is back. */
export class Corrections {
  readonly #parts: CorrectionsParts;
  readonly #debts: Debts;
  readonly #orders: Orders;
  #repaying = false;

  constructor(parts: CorrectionsParts) {
    this.#parts = parts;
    this.#debts = new Debts(parts.maxDebts);
    this.#orders = new Orders(parts.maxDebts);
  }

  /** Notes what this process admitted in an outage. */
  owe(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    const now = this.#parts.clock.now();
    for (let g = 0; g < groups.length; g += 1)
      this.#debts.add(groups[g] as RuleGroup, subjects[g] as string, cost, now);
  }

  /** Tells what was done by hand, then pays what is owed, a few at a time; what it owes grows no limit beyond full. */
  async repay(): Promise<void> {
    if (this.#repaying) return;
    this.#repaying = true;
    const { clock, isOut, scripts, run } = this.#parts;
    const pay = ({ group, subject, cost }: Debt): Promise<void> =>
      run(scripts.penalize, group.scope, subject, [placesOf(group.rules), cost, cost > 0 ? 'capped' : '']);
    // What a subject spent after it was reset is paid after it is.
    while (this.#orders.size + this.#debts.size > 0 && !isOut())
      await Promise.all(
        this.#orders.size > 0
          ? this.#orders.take(atOnce).map((order) => this.#carryOut(order))
          : this.#debts.take(atOnce, clock.now()).map(pay),
      );
    this.#repaying = false;
  }

  /** As {@link Ledger.adjust}, of a charge by the store. */
  async adjust(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    chargedAt: number,
  ): Promise<void> {
    const { scripts } = this.#parts;
    this.#forgiveAll(groups, subjects, cost);
    if (cost > 0 && this.#parts.isOut()) return this.#keep(this.#counting(groups, chargedAt), subjects, cost);
    const tell = cost < 0 ? this.#tell : this.#parts.run;
    await Promise.all(
      groups.map(({ scope, rules }, g) =>
        tell(scripts.adjust, scope, subjects[g] as string, [placesOf(rules), cost, chargedAt]),
      ),
    );
  }

  /** As {@link Ledger.adjust}, of a charge by this process: a debt changes, or what was paid of it. */
  async adjustLocal(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    cost: number,
    chargedAt: number,
  ): Promise<void> {
    const { isOut, clock, local, outdate } = this.#parts;
    local.adjust(groups, subjects, cost, chargedAt);
    if (cost < 0) for (const [g, { scope }] of groups.entries()) outdate(scope, subjects[g] as string);
    const rest = groups.flatMap((group, g) => this.#debts.change(group, subjects[g] as string, cost));
    const pending = rest.map(async (paid) => {
      if (isOut()) this.#debts.add(paid.group, paid.subject, paid.cost, clock.now());
      else await this.#charge(paid.group, paid.subject, paid.cost);
    });
    await Promise.all(pending);
  }

  /** As {@link Ledger.penalize}. */
  async penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): Promise<void> {
    this.#forgiveAll(groups, subjects, cost);
    if (this.#parts.isOut()) return this.#keep(groups, subjects, cost);
    await Promise.all(groups.map((group, g) => this.#charge(group, subjects[g] as string, cost)));
  }

  /** As {@link Ledger.block}. This process knows it as well, in case the store fails. */
  async block(scope: string, subject: string, forMs: number): Promise<void> {
    const { clock, local, forgive, outdate } = this.#parts;
    if (forMs === 0) forgive(scope, subject);
    // What is remembered knows of no block: it would tell a shorter wait.
    else outdate(scope, subject);
    local.block(scope, subject, forMs);
    if (this.#isKept(scope, subject)) this.#orders.block(scope, subject, forMs, clock.now());
    else await this.#tellBlock(scope, subject, forMs);
  }

  /** As {@link Ledger.reset}. */
  async reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): Promise<void> {
    const { local, forgive } = this.#parts;
    forgive(scope, subject);
    this.#debts.forgive(scope, subject, rules);
    local.reset(scope, subject, rules);
    if (this.#isKept(scope, subject)) this.#orders.reset(scope, subject, rules);
    else await this.#tellReset(scope, subject, rules);
  }

  /** Whether what is done to a subject by hand has to wait: for the store, or for what was done before. */
  #isKept(scope: string, subject: string): boolean {
    return this.#parts.isOut() || this.#orders.has(scope, subject);
  }

  /** All of it is sent at once, so that what is done next comes after it. */
  async #carryOut({ scope, subject, resets, unblocks, blockedUntil }: Order): Promise<void> {
    const restMs = blockedUntil - this.#parts.clock.now();
    const told = [];
    if (resets !== undefined)
      told.push(this.#tellReset(scope, subject, resets === 'all' ? undefined : [...resets]));
    if (unblocks) told.push(this.#tellBlock(scope, subject, 0));
    if (restMs > 0) told.push(this.#tellBlock(scope, subject, restMs));
    await Promise.all(told);
  }

  #tellBlock(scope: string, subject: string, forMs: number): Promise<void> {
    const { scripts } = this.#parts;
    return this.#tell(scripts.block, scope, subject, [scripts.placeOf(scope), Math.ceil(forMs * 1_000)]);
  }

  #tellReset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): Promise<void> {
    const places = rules === undefined ? '' : placesOf(rules);
    return this.#tell(this.#parts.scripts.reset, scope, subject, [places]);
  }

  /** The groups without the rules whose window is over since the store charged them, by the wall clock of this process. */
  #counting(groups: readonly RuleGroup[], chargedAt: number): readonly RuleGroup[] {
    const now = this.#parts.clock.epoch();
    return groups.map(({ scope, rules }) => ({
      scope,
      rules: rules.filter(({ windowMs }) => chargedAt / 1_000 + windowMs > now),
    }));
  }

  /** Charges in an outage, on top of what the store knew. */
  #keep(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    const { local, recall } = this.#parts;
    for (const [g, { scope }] of groups.entries()) recall(scope, subjects[g] as string);
    local.penalize(groups, subjects, cost);
    this.owe(groups, subjects, cost);
  }

  async #charge({ scope, rules }: RuleGroup, subject: string, cost: number): Promise<void> {
    const { scripts } = this.#parts;
    const tell = cost < 0 ? this.#tell : this.#parts.run;
    await tell(scripts.penalize, scope, subject, [placesOf(rules), cost]);
  }

  /** Runs a script after which the store may refuse less, or for longer. */
  readonly #tell: CorrectionsParts['run'] = async (script, scope, subject, args) => {
    await this.#parts.run(script, scope, subject, args);
    // A question that overtook it, as a server that does not know the script lets them, was answered as before.
    this.#parts.outdate(scope, subject);
  };

  #forgiveAll(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    if (cost >= 0) return;
    for (const [g, { scope }] of groups.entries()) this.#parts.forgive(scope, subjects[g] as string);
  }
}
