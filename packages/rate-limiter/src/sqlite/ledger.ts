import type { Clock } from '@holdfast/core';
import { RateLimitStoreError } from '../errors.ts';
import { LocalLedger } from '../outage/local-ledger.ts';
import { StoreHealth } from '../outage/store-health.ts';
import type { Ledger, LimitPlan, LimitRule, RuleGroup, Verdict } from '../store.ts';
import type { SqliteConnection } from './connection.ts';
import { accountsIn, decide } from './decide.ts';
import { OpenRow } from './open-row.ts';
import type { ResolvedSqliteStoreOptions } from './options.ts';

/**
 * Decides in the database, by the wall clock, and by a ledger in memory while the database fails.
 *
 * Invariants:
 * - a decision is one transaction: it is in the file before it is told, or it never happened;
 * - a refused decision writes no count but those of attempts, and a cost of 0 writes nothing.
 */
export class SqliteLedger implements Ledger {
  readonly #connection: SqliteConnection;
  readonly #limiter: string;
  readonly #clock: Clock;
  readonly #health: StoreHealth;
  readonly #local: LocalLedger;

  constructor(connection: SqliteConnection, options: ResolvedSqliteStoreOptions, plan: LimitPlan) {
    const { name, clock, observer, rules } = plan;
    this.#connection = connection;
    this.#limiter = name;
    this.#clock = clock;
    this.#health = new StoreHealth(clock, observer, options.probeIntervalMs);
    this.#local = new LocalLedger(clock, rules, {
      shareRatio: options.localShareRatio,
      probeIntervalMs: options.probeIntervalMs,
      maxSubjects: options.maxLocalSubjects,
    });
  }

  get trackedSubjects(): number {
    return this.#local.trackedSubjects;
  }

  decide(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, factor: number): Verdict {
    const verdict = this.#ask(groups, subjects, (rows, now) => decide(rows, groups, cost, factor, now));
    return verdict ?? ownScale(this.#local.decide(groups, subjects, cost, factor));
  }

  adjust(groups: readonly RuleGroup[], subjects: readonly string[], cost: number, chargedAt: number): void {
    if (chargedAt < 0) return this.#local.adjust(groups, subjects, cost, -1 - chargedAt);
    const done = this.#ask(groups, subjects, (rows, now) => {
      for (const account of accountsIn(rows, groups)) account.adjust(cost, Math.min(chargedAt, now));
      return save(rows);
    });
    if (done === undefined && cost > 0) this.#local.penalize(groups, subjects, cost);
  }

  penalize(groups: readonly RuleGroup[], subjects: readonly string[], cost: number): void {
    const done = this.#ask(groups, subjects, (rows) => {
      for (const account of accountsIn(rows, groups)) {
        if (cost > 0) account.charge(cost);
        else account.takeBack(-cost);
      }
      return save(rows);
    });
    if (done === undefined) this.#local.penalize(groups, subjects, cost);
  }

  /** Holds in this process also while the database fails. */
  block(scope: string, subject: string, forMs: number): void {
    this.#local.block(scope, subject, forMs);
    this.#ask([{ scope, rules: [] }], [subject], (rows, now) => {
      for (const { record } of rows)
        record.blockedUntil = forMs === 0 ? 0 : Math.max(record.blockedUntil, now + forMs);
      return save(rows);
    });
  }

  reset(scope: string, subject: string, rules: readonly LimitRule[] | undefined): void {
    this.#local.reset(scope, subject, rules);
    this.#ask([{ scope, rules: [] }], [subject], (rows) => {
      if (rules === undefined) return rows.map((row) => row.remove());
      for (const { record } of rows) for (const rule of rules) record.forget(rule);
      return save(rows);
    });
  }

  /** What `work` makes of the subjects' rows, in one transaction; `undefined` if the database fails or is not asked. */
  #ask<T>(
    groups: readonly RuleGroup[],
    subjects: readonly string[],
    work: (rows: readonly OpenRow[], now: number) => T,
  ): T | undefined {
    const attempt = this.#health.attempt(undefined);
    if (attempt === undefined) return undefined;
    try {
      const result = this.#connection.use(this.#clock.now(), (table) => {
        const scopes = groups.map(({ scope }) => table.scope(this.#limiter, scope));
        return table.atomically(() => {
          const now = this.#clock.epoch();
          const rows = scopes.map((scope, g) => new OpenRow(scope, subjects[g] as string, now));
          return work(rows, now);
        });
      });
      attempt.succeeded();
      return result;
    } catch (error) {
      attempt.failed(failureOf(error));
      return undefined;
    }
  }
}

function save(rows: readonly OpenRow[]): 'saved' {
  for (const row of rows) row.save();
  return 'saved';
}

/** Instants of this process's own scale are told below 0, where no wall clock is: `adjust` tells them apart. */
function ownScale(verdict: Verdict): Verdict {
  return verdict.chargedAt === undefined ? verdict : { ...verdict, chargedAt: -1 - verdict.chargedAt };
}

function failureOf(error: unknown): RateLimitStoreError {
  if (error instanceof RateLimitStoreError) return error;
  return new RateLimitStoreError(
    `the database failed: ${error instanceof Error ? error.message : String(error)}`,
    {
      cause: error,
    },
  );
}
