import {
  type Cancellation,
  cancellationOf,
  type Clock,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  InvalidOptionError,
  type Operation,
  type Policy,
  throwIfCancelled,
  wholeNumber,
} from '@holdfast/core';
import { Administration } from './administration.ts';
import { Aftermath } from './aftermath.ts';
import type { Decision } from './decision.ts';
import { RateLimitedError } from './errors.ts';
import type { RateLimiterEvent } from './events.ts';
import type { LimitsOptions, NameOf, TagOf } from './limit-options.ts';
import {
  type RateLimiterOptions,
  resolveOptions,
  type ResolvedRateLimiterOptions,
  type SubjectOf,
} from './options.ts';
import { Penalties } from './penalties.ts';
import { placeSubjects, Selector, type Subject } from './selector.ts';
import type { Ledger, StoreObserver, Verdict } from './store.ts';
import { type RateLimiterStatistics, Tally } from './tally.ts';

export interface CheckOptions<Tag extends string = string> {
  /** What the call costs; a whole number of at least 0. 0 looks without charging. Defaults to 1. */
  readonly cost?: number | undefined;
  /** Which tagged limits apply besides those without a tag. Defaults to none. */
  readonly tags?: readonly Tag[] | undefined;
}

/**
 * Decides over several limits at once: a call passes if every limit that applies to it has room, and only then is it
 * charged, to all of them.
 *
 * Invariants, whatever calls come in whatever order:
 * - in any interval of length `windowMs`, a strict limit admits at most `limit` cost of one subject, a smooth one at most
 *   `burst + limit`;
 * - a refused call and a call of cost 0 leave every count as it was, but for limits that count attempts;
 * - what one subject does never changes what another may do, except through a limit that they share;
 * - a refused call would pass `retryAfterMs` later, if nobody else called, and not before.
 *
 * A strict limit is counted in cells, which the README explains.
 */
export class RateLimiter<const Limits extends LimitsOptions = LimitsOptions> implements Policy {
  readonly name: string;
  readonly #clock: Clock;
  readonly #subjectOf: ResolvedRateLimiterOptions['subjectOf'];
  readonly #factor: (() => number) | undefined;
  readonly #selector: Selector;
  readonly #tally: Tally;
  readonly #ledger: Ledger;
  readonly #aftermath: Aftermath;
  readonly #administration: Administration;
  readonly #hub = new EventHub<RateLimiterEvent>();

  constructor(options: RateLimiterOptions<Limits>) {
    const { name, clock, rules, store, subjectOf, factor, ...resolved } = resolveOptions(options);
    this.name = name;
    this.#clock = clock;
    this.#subjectOf = subjectOf;
    this.#factor = factor;
    this.#selector = new Selector(rules);
    this.#tally = new Tally(rules);
    this.#ledger = store.open({ name, rules, clock, observer: this.#observer() });
    const parts = {
      ledger: this.#ledger,
      selector: this.#selector,
      penalties: new Penalties(resolved.penalties, clock),
      tally: this.#tally,
      hub: this.#hub,
    };
    this.#aftermath = new Aftermath(name, clock, rules, parts);
    this.#administration = new Administration(name, parts);
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
   * Like {@link check}, at once and without a promise. For stores in this process, such as `MemoryStore`; a store elsewhere
   * answers so only what it need not ask for.
   *
   * @throws {InvalidOptionError} on a wrong argument, and if the store has to be waited for; the call may be charged then.
   */
  checkSync(subject: SubjectOf<Limits>, options?: CheckOptions<TagOf<Limits>>): Decision<NameOf<Limits>> {
    const decision = this.#decide(subject, options);
    if (decision instanceof Promise)
      throw new InvalidOptionError(
        'store',
        'one that answers at once, such as a MemoryStore, for checkSync',
        decision,
      );
    return decision;
  }

  /**
   * Runs `operation` if the call may pass. Costs and tags come with the options; the subject comes from `subjectOf`.
   *
   * @throws {RateLimitedError} if a limit refused or the subject is blocked: the operation did not run.
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
    if (!decision.allowed) throw this.#errorOf(decision);
    // By who was asked for the subject, or in the turn in which the store answered.
    throwIfCancelled(options);
    return operation(new Execution(options, this.#clock));
  }

  /**
   * Charges the subject's own limits a cost that no call was checked for, even beyond what they have left. Limits that
   * all share are left alone.
   *
   * @param cost - a whole number from 1 to 2³²−1.
   * @throws {InvalidOptionError} on a wrong argument.
   */
  penalize(subject: SubjectOf<Limits>, cost: number): Promise<void> {
    return this.#administration.penalize(subject, cost);
  }

  /**
   * Gives back up to `cost` of what counts under the subject's own limits, the latest first. Limits that all share are
   * left alone.
   *
   * @param cost - a whole number from 1 to 2³²−1.
   * @throws {InvalidOptionError} on a wrong argument.
   */
  reward(subject: SubjectOf<Limits>, cost: number): Promise<void> {
    return this.#administration.reward(subject, cost);
  }

  /**
   * Refuses the calls of a subject that fall under a limit of its scope, for so long. A longer block stays.
   *
   * @param forMs - milliseconds, at least 1.
   * @param reason - told in the event.
   * @throws {InvalidOptionError} on a wrong argument.
   */
  block(subject: SubjectOf<Limits>, forMs: number, reason?: string): Promise<void> {
    return this.#administration.block(subject, forMs, reason);
  }

  /** Ends a block, whoever began it. The next penalty begins with the shortest block again. */
  unblock(subject: SubjectOf<Limits>): Promise<void> {
    return this.#administration.unblock(subject);
  }

  /**
   * Forgets what the subject spent under the limits of these names; without names, all that is known of it, with its
   * block. Limits that all share are left alone.
   *
   * @throws {InvalidOptionError} on a name that is no limit of the subject.
   */
  reset(subject: SubjectOf<Limits>, limitNames?: readonly NameOf<Limits>[]): Promise<void> {
    return this.#administration.reset(subject, limitNames);
  }

  statistics(): RateLimiterStatistics<NameOf<Limits>> {
    return this.#tally.statistics(this.#ledger.trackedSubjects);
  }

  #decide(
    subject: Subject,
    options: CheckOptions | undefined,
  ): Decision<NameOf<Limits>> | Promise<Decision<NameOf<Limits>>> {
    const cost = options?.cost === undefined ? 1 : wholeNumber('cost', options.cost, 0);
    const selection = this.#selector.select(subject, options?.tags);
    if (selection.rules.length === 0) return this.#aftermath.of(selection, subject, cost, unlimited);
    // Before the subjects have their places, which whoever is asked might take.
    const factor = this.#factorNow();
    const subjects = placeSubjects(selection, subject);
    const verdict = this.#ledger.decide(selection.groups, subjects, cost, factor);
    if (verdict instanceof Promise)
      return verdict.then((late) => this.#aftermath.of(selection, subject, cost, late));
    return this.#aftermath.of(selection, subject, cost, verdict);
  }

  #factorNow(): number {
    if (this.#factor === undefined) return 1;
    try {
      const factor = this.#factor();
      // Also where it is not a number.
      if (!(factor < 1)) return 1;
      return Math.max(factor, Number.MIN_VALUE);
    } catch {
      return 1;
    }
  }

  #errorOf({ binding, violated, blocked, retryAfterMs }: Decision): RateLimitedError {
    const limit = violated.length === 0 ? '' : (binding ?? '');
    return new RateLimitedError({ policy: this.name, limit, violated, blocked, retryAfterMs });
  }

  #observer(): StoreObserver {
    const { name: limiter } = this;
    return {
      failed: () => this.#tally.storeFailed(),
      lost: (error) => {
        if (this.#hub.observed) this.#hub.emit({ type: 'store-lost', limiter, error });
      },
      recovered: (outageMs) => {
        if (this.#hub.observed) this.#hub.emit({ type: 'store-recovered', limiter, outageMs });
      },
    };
  }
}

/** What is known of a call to which no limit applies. */
const unlimited: Verdict = { source: 'memory', readings: [], blockedMs: 0, chargedAt: undefined };

/** Stops waiting, but not the decision, when the call is cancelled. */
function unlessCancelled<T>(pending: Promise<T>, cancellation: Cancellation | undefined): Promise<T> {
  if (cancellation === undefined) return pending;
  return new Promise((resolve, reject) => {
    const leave = cancellation.onCancel(reject);
    pending.then(resolve, reject).finally(leave);
  });
}
