import {
  type Cancellation,
  cancellationOf,
  type Clock,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
  wholeNumber,
} from '@holdfast/core';
import { type Decision, decisionOf, unlimited } from './decision.ts';
import { RateLimitedError } from './errors.ts';
import type { RateLimiterEvent } from './events.ts';
import {
  type LimitsOptions,
  type NameOf,
  type RateLimiterOptions,
  resolveOptions,
  type ResolvedRateLimiterOptions,
  type SubjectOf,
  type TagOf,
} from './options.ts';
import { type Selection, Selector, type Subject } from './selector.ts';
import type { Ledger, LimitRule, StoreObserver, Verdict } from './store.ts';

export interface CheckOptions<Tag extends string = string> {
  /** What the call costs; a whole number of at least 0. 0 looks without charging. Defaults to 1. */
  readonly cost?: number | undefined;
  /** Which tagged limits apply besides those without a tag. Defaults to none. */
  readonly tags?: readonly Tag[] | undefined;
}

export interface RateLimiterStatistics<Name extends string = string> {
  readonly component: 'rate-limiter';
  /** Calls decided. `local` ones, made while the store failed, are among the other two as well. */
  readonly decisions: { readonly allowed: number; readonly rejected: number; readonly local: number };
  /** How often each limit refused. A call that several limits refuse counts for each of them. */
  readonly rejections: { readonly [Limit in Name]: number };
  /** Calls to the store that failed. */
  readonly storeErrors: number;
  /** Subjects held in this process now. */
  readonly trackedSubjects: number;
}

/**
 * Decides over several limits at once: a call passes if every limit that applies to it has room, and only then is it
 * charged, to all of them.
 *
 * Invariants, whatever calls come in whatever order:
 * - in any interval of length `windowMs`, a limit admits at most `limit` cost of one subject;
 * - a refused call and a call of cost 0 leave every count as it was;
 * - what one subject does never changes what another may do, except through a limit that they share;
 * - a refused call would pass `retryAfterMs` later, if nobody else called, and not before.
 *
 * A limit is counted in cells, which the README explains.
 */
export class RateLimiter<const Limits extends LimitsOptions = LimitsOptions> implements Policy {
  readonly name: string;
  readonly #clock: Clock;
  readonly #subjectOf: ResolvedRateLimiterOptions['subjectOf'];
  readonly #rules: readonly LimitRule[];
  readonly #selector: Selector;
  readonly #ledger: Ledger;
  readonly #hub = new EventHub<RateLimiterEvent<NameOf<Limits>>>();
  readonly #rejections: number[];
  #allowed = 0;
  #rejected = 0;
  #local = 0;
  #storeErrors = 0;

  constructor(options: RateLimiterOptions<Limits>) {
    const { name, clock, rules, store, subjectOf } = resolveOptions(options);
    this.name = name;
    this.#clock = clock;
    this.#subjectOf = subjectOf;
    this.#rules = rules;
    this.#selector = new Selector(rules);
    this.#rejections = rules.map(() => 0);
    this.#ledger = store.open({ name, rules, clock, observer: this.#observer() });
  }

  get events(): EventSource<RateLimiterEvent<NameOf<Limits>>> {
    return this.#hub;
  }

  /**
   * Decides about one call and charges it if it may pass.
   *
   * Resolves to a decision, whether the call may pass or not and whether the store works or not.
   *
   * @throws {InvalidOptionError} on a wrong argument: a subject without a known scope, an unknown tag, a broken cost.
   */
  async check(
    subject: SubjectOf<Limits>,
    options?: CheckOptions<TagOf<Limits>>,
  ): Promise<Decision<NameOf<Limits>>> {
    return this.#decide(subject, options);
  }

  /**
   * Runs `operation` if the call may pass. Costs and tags come with the options; the subject comes from `subjectOf`.
   *
   * @throws {RateLimitedError} if a limit refused: the operation did not run and nothing was charged.
   * @throws The signal's reason, if the call is cancelled before the operation starts; it may have been charged.
   */
  async execute<T>(
    operation: Operation<T>,
    options?: ExecuteOptions & CheckOptions<TagOf<Limits>>,
  ): Promise<T> {
    throwIfCancelled(options);
    const pending = this.#decide(this.#subjectOf(options), options);
    const decision =
      pending instanceof Promise ? await unlessCancelled(pending, cancellationOf(options)) : pending;
    const { allowed, binding, violated, retryAfterMs } = decision;
    if (!allowed)
      throw new RateLimitedError({ policy: this.name, limit: binding ?? '', violated, retryAfterMs });
    return operation(new Execution(options, this.#clock));
  }

  statistics(): RateLimiterStatistics<NameOf<Limits>> {
    const rejections = Object.fromEntries(
      this.#rules.map(({ name, index }) => [name, this.#rejections[index]]),
    );
    return {
      component: 'rate-limiter',
      decisions: { allowed: this.#allowed, rejected: this.#rejected, local: this.#local },
      rejections: rejections as RateLimiterStatistics<NameOf<Limits>>['rejections'],
      storeErrors: this.#storeErrors,
      trackedSubjects: this.#ledger.trackedSubjects,
    };
  }

  #decide(
    subject: Subject,
    options: CheckOptions | undefined,
  ): Decision<NameOf<Limits>> | Promise<Decision<NameOf<Limits>>> {
    const cost = options?.cost === undefined ? 1 : wholeNumber('cost', options.cost, 0);
    const selection = this.#selector.select(subject, options?.tags);
    if (selection.rules.length === 0) {
      this.#allowed += 1;
      return unlimited('memory');
    }
    const verdict = this.#ledger.decide(selection.groups, Selector.subjects(selection, subject), cost);
    if (verdict instanceof Promise) return verdict.then((late) => this.#conclude(subject, selection, late));
    return this.#conclude(subject, selection, verdict);
  }

  #conclude(subject: Subject, { rules }: Selection, verdict: Verdict): Decision<NameOf<Limits>> {
    const decision = decisionOf<NameOf<Limits>>(rules, verdict);
    if (decision.source === 'local') this.#local += 1;
    if (decision.allowed) this.#allowed += 1;
    else this.#reject(subject, rules, decision);
    return decision;
  }

  #reject(subject: Subject, rules: readonly LimitRule[], decision: Decision<NameOf<Limits>>): void {
    this.#rejected += 1;
    const { violated, binding, retryAfterMs, source } = decision;
    for (const { name, index } of rules)
      if (violated.includes(name)) this.#rejections[index] = (this.#rejections[index] ?? 0) + 1;
    if (!this.#hub.observed || binding === undefined) return;
    this.#hub.emit({
      type: 'rejected',
      limiter: this.name,
      subject,
      binding,
      violated,
      retryAfterMs,
      source,
    });
  }

  #observer(): StoreObserver {
    const { name: limiter } = this;
    return {
      failed: () => {
        this.#storeErrors += 1;
      },
      lost: (error) => {
        if (this.#hub.observed) this.#hub.emit({ type: 'store-lost', limiter, error });
      },
      recovered: (outageMs) => {
        if (this.#hub.observed) this.#hub.emit({ type: 'store-recovered', limiter, outageMs });
      },
    };
  }
}

/** Stops waiting, but not the decision, when the call is cancelled. */
function unlessCancelled<T>(pending: Promise<T>, cancellation: Cancellation | undefined): Promise<T> {
  if (cancellation === undefined) return pending;
  return new Promise((resolve, reject) => {
    const leave = cancellation.onCancel(reject);
    pending.then(resolve, reject).finally(leave);
  });
}
