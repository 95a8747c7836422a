/** What a loader would do if it were called: bring a value, or fail. */
export type LoaderPlan = { readonly brings: unknown } | 'fails';

export interface ModelTerms {
  readonly ttlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

interface Held {
  readonly value: unknown;
  readonly storedAt: number;
}

/**
 * The answers of a cache, without tiers, concurrency or cleverness: one value per key and when it was stored.
 * Refreshes in the background happen at once.
 */
export class NaiveCache {
  readonly loads: string[] = [];
  readonly #held = new Map<string, Held>();
  readonly #terms: ModelTerms;
  #now = 0;

  constructor(terms: ModelTerms) {
    this.#terms = terms;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  set(key: string, value: unknown): void {
    this.#held.set(key, { value, storedAt: this.#now });
  }

  delete(key: string): void {
    this.#held.delete(key);
  }

  clear(): void {
    this.#held.clear();
  }

  /** The fresh value, or `undefined`. */
  fresh(key: string): unknown {
    return this.#age(key) < this.#terms.ttlMs ? this.#held.get(key)?.value : undefined;
  }

  /** The answer to a read with a loader; `'rejected'` if there is none. */
  get(key: string, plan: LoaderPlan): unknown {
    const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#terms;
    const held = this.#held.get(key);
    const staleMs = this.#age(key) - ttlMs;
    if (held !== undefined && staleMs < 0) return held.value;
    const loaded = this.#load(key, plan);
    if (held !== undefined && staleMs < staleWhileRevalidateMs) return held.value;
    if (loaded !== 'rejected') return loaded;
    return held !== undefined && staleMs < staleIfErrorMs ? held.value : 'rejected';
  }

  #load(key: string, plan: LoaderPlan): unknown {
    this.loads.push(key);
    if (plan === 'fails') return 'rejected';
    if (plan.brings === undefined) this.#held.delete(key);
    else this.set(key, plan.brings);
    return plan.brings;
  }

  #age(key: string): number {
    return this.#now - (this.#held.get(key)?.storedAt ?? -Infinity);
  }
}
