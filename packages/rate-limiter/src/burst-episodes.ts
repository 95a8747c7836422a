import type { Clock } from '@holdfast/core';
import type { LimitRule } from './store.ts';

/** Episodes that are followed; more of them let the oldest go, whose subject may then be told of again. */
const mostEpisodes = 10_000;

/**
 * Which subjects are in a burst: they used up a limit that counts attempts, and have not come under half of it since.
 *
 * Invariant: a subject enters once per episode.
 */
export class BurstEpisodes {
  readonly #clock: Clock;
  /** When the limit was seen used up last; the oldest episode first. */
  readonly #seenAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a call that the limit had no room for; whether it begins an episode. */
  begins(rule: LimitRule, subject: string): boolean {
    const key = keyOf(rule, subject);
    const now = this.#clock.now();
    const seenAt = this.#seenAt.get(key);
    this.#seenAt.set(key, now);
    if (this.#seenAt.size > mostEpisodes) this.#dropOldest();
    // After a window without attempts nothing counts any more.
    return seenAt === undefined || now - seenAt >= rule.windowMs;
  }

  /** Notes a call that the limit had room for, and how much it has left. */
  calms(rule: LimitRule, subject: string, remaining: number): void {
    if (this.#seenAt.size > 0 && remaining > rule.burst / 2) this.#seenAt.delete(keyOf(rule, subject));
  }

  #dropOldest(): void {
    for (const oldest of this.#seenAt.keys()) {
      this.#seenAt.delete(oldest);
      return;
    }
  }
}

function keyOf({ index }: LimitRule, subject: string): string {
  return `${index} ${subject}`;
}
