import type { Decision } from './decision.ts';
import type { DecisionSource, LimitRule } from './store.ts';

export interface RateLimiterStatistics<Name extends string = string> {
  readonly component: 'rate-limiter';
  /**
   * Calls decided. `local` ones, made while the store failed, and `blocked` ones, refused because the subject is blocked,
   * are among the other two as well.
   */
  readonly decisions: {
    readonly allowed: number;
    readonly rejected: number;
    readonly local: number;
    readonly blocked: number;
  };
  /** How often each limit refused. A call that several limits refuse counts for each of them. */
  readonly rejections: { readonly [Limit in Name]: number };
  /** How often each shadow limit would have refused. */
  readonly shadowed: { readonly [Limit in Name]: number };
  /** Calls to the store that failed. */
  readonly storeErrors: number;
  /** Subjects held in this process now. */
  readonly trackedSubjects: number;
}

/** Counts decisions. */
export class Tally {
  readonly #rules: readonly LimitRule[];
  /** By the rule's index. */
  readonly #exceeded: number[];
  #allowed = 0;
  #rejected = 0;
  #local = 0;
  #blocked = 0;
  #storeErrors = 0;

  constructor(rules: readonly LimitRule[]) {
    this.#rules = rules;
    this.#exceeded = rules.map(() => 0);
  }

  allowed(source: DecisionSource): void {
    this.#allowed += 1;
    if (source === 'local') this.#local += 1;
  }

  rejected({ source, blocked }: Decision): void {
    this.#rejected += 1;
    if (source === 'local') this.#local += 1;
    if (blocked) this.#blocked += 1;
  }

  exceeded({ index }: LimitRule): void {
    this.#exceeded[index] = (this.#exceeded[index] as number) + 1;
  }

  storeFailed(): void {
    this.#storeErrors += 1;
  }

  statistics(trackedSubjects: number): RateLimiterStatistics {
    return {
      component: 'rate-limiter',
      decisions: {
        allowed: this.#allowed,
        rejected: this.#rejected,
        local: this.#local,
        blocked: this.#blocked,
      },
      rejections: this.#exceededOf(({ shadow }) => !shadow),
      shadowed: this.#exceededOf(({ shadow }) => shadow),
      storeErrors: this.#storeErrors,
      trackedSubjects,
    };
  }

  #exceededOf(wanted: (rule: LimitRule) => boolean): Record<string, number> {
    const counts = this.#rules.map((rule) => [rule.name, wanted(rule) ? this.#exceeded[rule.index] : 0]);
    return Object.fromEntries(counts) as Record<string, number>;
  }
}
