import {
  type ExecuteOptions,
  Execution,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';
import { AttemptWindow } from './attempt-window.ts';
import { ThrottledError } from './errors.ts';
import {
  type ClientThrottleOptions,
  resolveThrottleOptions,
  type ResolvedThrottleOptions,
} from './throttle-options.ts';

export interface ClientThrottleStatistics {
  readonly component: 'client-throttle';
  /** Share of the calls that are held back now. */
  readonly heldBackRatio: number;
  readonly calls: {
    /** The dependency took them on, whatever came of it. */
    readonly accepted: number;
    /** It refused them. */
    readonly refused: number;
    /** Not sent. */
    readonly heldBack: number;
  };
}

/**
 * Holds back calls to a dependency that refuses most of them, so that refusing does not cost the dependency what is left of it.
 * One for each dependency.
 *
 * Of `n` attempts in the window, `s` of them taken on, the share `(n − K·s) / (n + 1)` is held back, where K is the `multiplier`
 * (Beyer et al., "Site Reliability Engineering", 2016, chapter 21). Attempts that are held back count too,
 * those under way not yet: nobody knows how they will end. One that fails after its caller has cancelled it counts only if
 * it was refused.
 *
 * Invariants:
 * - the share is from 0 to `maxRatio`, and 0 while at least one attempt in K is taken on;
 * - nothing counts for longer than `windowMs`, and no timer runs.
 */
export class ClientThrottle implements Policy {
  readonly name: string;
  readonly #options: ResolvedThrottleOptions;
  readonly #window: AttemptWindow;
  #accepted = 0;
  #refused = 0;
  #heldBack = 0;

  /** @throws {InvalidOptionError} naming the first option that is wrong. */
  constructor(options: ClientThrottleOptions = {}) {
    this.#options = resolveThrottleOptions(options);
    this.name = this.#options.name;
    this.#window = new AttemptWindow(this.#options.windowMs, this.#options.buckets);
  }

  /**
   * @throws {ThrottledError} if the call is held back: the operation did not run.
   * @throws The signal's reason, if the call is cancelled already.
   */
  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    throwIfCancelled(options);
    const { clock, random, isRefusal } = this.#options;
    this.#window.moveOn(clock.now());
    if (random() < this.#heldBackRatio()) {
      this.#heldBack += 1;
      this.#window.attempt(clock.now());
      throw new ThrottledError(this.name);
    }
    const execution = new Execution(options, clock);
    try {
      const result = await execution.start(operation);
      this.#accept();
      return result;
    } catch (error) {
      if (isRefusal(error)) this.#refuse();
      // Of a call that its caller ended nobody knows what would have come of it.
      else if (execution.cancellation?.cancelled !== true) this.#accept();
      throw error;
    }
  }

  statistics(): ClientThrottleStatistics {
    this.#window.moveOn(this.#options.clock.now());
    const calls = { accepted: this.#accepted, refused: this.#refused, heldBack: this.#heldBack };
    return { component: 'client-throttle', heldBackRatio: this.#heldBackRatio(), calls };
  }

  #heldBackRatio(): number {
    const { multiplier, maxRatio } = this.#options;
    const { attempts, accepted } = this.#window;
    return Math.min(maxRatio, Math.max(0, (attempts - multiplier * accepted) / (attempts + 1)));
  }

  #accept(): void {
    const now = this.#options.clock.now();
    this.#accepted += 1;
    this.#window.attempt(now);
    this.#window.accept(now);
  }

  #refuse(): void {
    this.#refused += 1;
    this.#window.attempt(this.#options.clock.now());
  }
}
