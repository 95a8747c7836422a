import type { Cancel, Clock } from '@holdfast/core';

import type { Authority } from './authority.ts';
import type { CoherentStore, Invalidation, LogMark } from './coherent-store.ts';
import { Invalidations } from './invalidations.ts';
import type { Position } from './position.ts';
import { Trust } from './trust.ts';

/** Why what the first tier holds can no longer be vouched for; `'start'` if it never could. */
export type Loss = 'gap' | 'epoch' | 'start';

export interface FollowerOptions {
  readonly store: CoherentStore;
  /** How this instance names itself in the log. */
  readonly origin: string;
  /** How old an invalidation may be, in milliseconds, before the first tier must know of it. */
  readonly maxStalenessMs: number;
  /** How long those who wait for the first position wait for it at most, in milliseconds, whatever becomes of it. */
  readonly readyWithinMs: number;
  /** Where the first reading begins: `'oldest'` if a tier may hold entries from before. */
  readonly from: 'end' | 'oldest';
  readonly clock: Clock;
  /** Somebody else has invalidated something. */
  readonly onChange: (change: Invalidation) => void;
  readonly onLoss: (loss: Loss) => void;
  /** Somebody else answers for the store, who may not have heard of what it has acknowledged last. */
  readonly onReplaced: () => void;
  /** The log can be read again after it could not. */
  readonly onUp: () => void;
  readonly onDown: (error: unknown) => void;
}

/** Longest wait for changes in one reading, and the pauses after readings that failed, in milliseconds. */
const longestWaitMs = 500;
const firstPauseMs = 50;
const longestPauseMs = 1_000;

/**
 * Follows the log of a coherent store: learns of each invalidation, and knows until when that knowledge is complete.
 *
 * Why `trust.until` holds: an acknowledged invalidation is in the log. A reading that was answered returned everything
 * that was in the log when it was sent. So what was acknowledged before that moment is known, and anything unknown is
 * younger than the time since. Only the monotonic clock of this process takes part.
 *
 * Invariants:
 * - `trust.until` never lies more than `maxStalenessMs` after the start of a reading that was applied to its end;
 * - after a break the reading goes on where it stopped; what can no longer be read is reported as lost.
 */
export class LogFollower implements Authority {
  readonly invalidations: Invalidations = new Invalidations(new Trust(-Infinity));
  readonly #options: FollowerOptions;
  #mark: LogMark | undefined;
  #started: Promise<boolean> | undefined;
  #state: 'new' | 'up' | 'down' = 'new';
  #stopped = false;
  #endPause: Cancel | undefined;
  #lagMs = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** How long the last reading took to be answered and applied beyond its wait, in milliseconds; 0 before the first. */
  get lagMs(): number {
    return this.#lagMs;
  }

  born(): Position {
    return this.invalidations.position;
  }

  get isReady(): boolean {
    return this.#mark !== undefined;
  }

  /** Begins with the first call; gives `false` while the store has not answered in time. */
  ready(): Promise<boolean> {
    if (this.isReady) return known;
    return (this.#started ??= this.#start());
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.invalidations.trust.until = -Infinity;
    this.#endPause?.();
  }

  #start(): Promise<boolean> {
    const { clock, readyWithinMs } = this.#options;
    return new Promise((resolve) => {
      const cancel = clock.schedule(() => resolve(false), readyWithinMs);
      void this.#attempt(() => this.#begin()).then((begun) => {
        cancel();
        resolve(begun);
        return this.#follow(begun);
      });
    });
  }

  async #follow(begun: boolean): Promise<void> {
    let pauseMs = begun ? 0 : firstPauseMs;
    while (!this.#stopped) {
      if (pauseMs > 0) await this.#pause(pauseMs);
      const done = await this.#attempt(() =>
        this.#mark === undefined ? this.#begin() : this.#read(this.#mark),
      );
      pauseMs = done ? 0 : Math.min(longestPauseMs, Math.max(firstPauseMs, 2 * pauseMs));
    }
  }

  /** Does one step; tells whether it worked. */
  async #attempt(step: () => Promise<void>): Promise<boolean> {
    if (this.#stopped) return false;
    try {
      await step();
      if (this.#state === 'down') this.#options.onUp();
      this.#state = 'up';
      return true;
    } catch (error) {
      if (this.#state !== 'down' && this.#goesOn()) this.#options.onDown(error);
      this.#state = 'down';
      return false;
    }
  }

  /** Asked anew after each wait: the follower may have been stopped meanwhile. */
  #goesOn(): boolean {
    return !this.#stopped;
  }

  async #begin(): Promise<void> {
    const { store, from } = this.#options;
    const start = await store.start(from);
    this.invalidations.begin(start, start.mark.position);
    this.#options.onLoss('start');
    this.#mark = start.mark;
    // What was there before has to be read before anything can be judged by it.
    while (!this.#stopped && (await this.#turn(this.#mark, 0)));
  }

  async #read(mark: LogMark): Promise<void> {
    const { maxStalenessMs } = this.#options;
    await this.#turn(mark, Math.min(longestWaitMs, maxStalenessMs / 4));
  }

  /** Reads one page; tells whether there is more. */
  async #turn(mark: LogMark, waitMs: number): Promise<boolean> {
    const { store, origin, clock, maxStalenessMs } = this.#options;
    const sentAt = clock.now();
    const page = await store.read(mark, waitMs);
    if (this.#stopped) return false;
    const forgotten = page.epoch !== this.invalidations.epoch;
    if (page.gap || forgotten) {
      const loss = forgotten ? 'epoch' : 'gap';
      this.invalidations.begin(page, page.mark.position);
      this.#options.onLoss(loss);
      if (page.replaced === true) this.#options.onReplaced();
    }
    for (const change of page.changes) {
      this.invalidations.apply(change);
      if (change.origin !== origin) this.#options.onChange(change);
    }
    this.invalidations.follow(page, page.mark.position);
    this.#mark = page.mark;
    this.#lagMs = Math.max(0, clock.now() - sentAt - waitMs);
    if (!page.more) this.invalidations.trust.until = sentAt + maxStalenessMs;
    return page.more;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(resolve, ms, { background: true });
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Stateless. */
const known = Promise.resolve(true);
