import type { Clock } from '@holdfast/core';

import { Recent } from './recent.ts';

const maxKeys = 10_000;

/** How long a response that could not be stored is remembered, in milliseconds. */
const rememberedMs = 10_000;

/** How long nobody tries again, in milliseconds. */
const pauseMs = 1_000;

interface Pass {
  readonly until: number;
  readonly retryAt: number;
}

/**
 * What could not be stored lately. Nobody waits for another's run of such a handler, because nothing would come of it;
 * one request a second tries whether that is still so.
 *
 * Invariants: at most 10,000 keys, each forgotten 10 s after it was noted last; while one is remembered, it is tried at
 * most once a second.
 */
export class RecentPasses {
  readonly #passes = new Recent<Pass>(maxKeys);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the handler may be run on behalf of everybody. `true` for a remembered key is for the caller alone. */
  mayTry(key: string): boolean {
    const pass = this.#passes.get(key);
    if (pass === undefined) return true;
    const now = this.#clock.now();
    if (now >= pass.until) this.#passes.delete(key);
    else if (now < pass.retryAt) return false;
    else this.#passes.use(key, { until: pass.until, retryAt: now + pauseMs });
    return true;
  }

  note(key: string): void {
    const now = this.#clock.now();
    this.#passes.use(key, { until: now + rememberedMs, retryAt: now + pauseMs });
  }

  /** It could be stored. */
  forget(key: string): void {
    this.#passes.delete(key);
  }
}
