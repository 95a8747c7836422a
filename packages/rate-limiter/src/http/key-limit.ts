import { createHash } from 'node:crypto';
import type { Clock } from '@holdfast/core';
import { MemoryStore } from '../memory/memory-store.ts';
import { RateLimiter } from '../rate-limiter.ts';
import type { RateLimitStore } from '../store.ts';

/** What both adapters for other middlewares take. */
export interface StoreAdapterOptions {
  /** Where the counts live. Defaults to a `MemoryStore` of its own. */
  readonly store?: RateLimitStore | undefined;

  /** Sets the counts apart from those of others in the same store. Defaults to `'rate-limiter'`. */
  readonly name?: string | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** A key's count as those middlewares want it. */
export interface KeyCount {
  /** Hits that count; one more than the limit for a hit that was refused. */
  readonly hits: number;
  readonly refused: boolean;
  /** Until the key has its whole limit again; of a refused hit, until one would pass. */
  readonly resetMs: number;
}

const longestSubject = 512;

/** One strict limit for keys of any length, counted in hits. */
export class KeyLimit {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #limiter: RateLimiter<{ key: { limit: number; windowMs: number } }>;

  /** @throws {InvalidOptionError} on a wrong limit or window. */
  constructor(limit: number, windowMs: number, { store, name, clock }: StoreAdapterOptions) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#limiter = new RateLimiter({
      name,
      limits: { key: { limit, windowMs } },
      store: store ?? new MemoryStore(),
      clock,
    });
  }

  hit(key: string): Promise<KeyCount> {
    return this.#count(key, 1);
  }

  /** The count as it is, without a hit. */
  peek(key: string): Promise<KeyCount> {
    return this.#count(key, 0);
  }

  /** Takes the latest hit back. */
  async takeBack(key: string): Promise<void> {
    await this.#limiter.reward(subjectOf(key), 1);
  }

  async reset(key: string): Promise<void> {
    await this.#limiter.reset(subjectOf(key));
  }

  async #count(key: string, cost: 0 | 1): Promise<KeyCount> {
    const decision = await this.#limiter.check(subjectOf(key), { cost });
    const { remaining = 0, resetMs = 0 } = decision.limits.key ?? {};
    const refused = cost > 0 && !decision.allowed;
    if (!refused) return { hits: this.#limit - remaining, refused, resetMs };
    const { retryAfterMs, impossible } = decision;
    return { hits: this.#limit + 1, refused, resetMs: impossible ? this.#windowMs : retryAfterMs };
  }
}

/** A subject is from 1 to 512 characters long; a key that is not is hashed. */
function subjectOf(key: string): string {
  if (key.length > 0 && key.length <= longestSubject) return key;
  return createHash('sha256').update(key).digest('base64url');
}
