import {
  type Clock,
  duration,
  type ExecuteOptions,
  methods,
  type Operation,
  type Policy,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

export interface KeyedOptions {
  /** Most policies kept, at least 1. Defaults to 1,000. */
  readonly maxKeys?: number | undefined;
  /**
   * A policy that nobody has asked for in so many milliseconds, at least 1, is forgotten; longer than a circuit stays open,
   * or that would close it. Defaults to `Infinity`.
   */
  readonly maxIdleMs?: number | undefined;
  /** Only `maxIdleMs` looks at it. Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** One policy per key, for instance a breaker per host. As a policy it picks by the `key` of the call. */
export interface Keyed<Each extends Policy> extends Policy {
  readonly size: number;
  /** The key's own policy, made at its first use. */
  get(key: string): Each;
  /** Keys and their policies, the longest unused first. Looking is not a use. */
  entries(): IterableIterator<[key: string, policy: Each]>;
}

/**
 * Keeps one policy per key, at most `maxKeys`: over that, the one unused for longest is forgotten with its state, as are those
 * unused for `maxIdleMs`. There is no timer: they go when any key is asked for. Calls that they are running end as they would have.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function keyed<Each extends Policy>(
  factory: (key: string) => Each,
  options: KeyedOptions = {},
): Keyed<Each> {
  return new LeastRecentlyUsed(factory, resolveOptions(options));
}

interface ResolvedKeyedOptions {
  readonly maxKeys: number;
  readonly maxIdleMs: number;
  readonly clock: Clock;
}

function resolveOptions({ maxKeys, maxIdleMs, clock }: KeyedOptions): ResolvedKeyedOptions {
  return {
    maxKeys: wholeNumber('maxKeys', maxKeys ?? 1_000, 1),
    maxIdleMs: (maxIdleMs ?? Infinity) === Infinity ? Infinity : duration('maxIdleMs', maxIdleMs, 1),
    clock: methods('clock', clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

/** A policy and when it was last asked for. */
interface Kept<Each> {
  readonly policy: Each;
  /** Reading of the clock; 0 where it does not matter. */
  usedAt: number;
}

class LeastRecentlyUsed<Each extends Policy> implements Keyed<Each> {
  readonly #factory: (key: string) => Each;
  readonly #options: ResolvedKeyedOptions;
  /** In the order of last use. */
  readonly #policies = new Map<string, Kept<Each>>();

  constructor(factory: (key: string) => Each, options: ResolvedKeyedOptions) {
    this.#factory = factory;
    this.#options = options;
  }

  get size(): number {
    return this.#policies.size;
  }

  get(key: string): Each {
    const { maxKeys, maxIdleMs, clock } = this.#options;
    const now = maxIdleMs === Infinity ? 0 : clock.now();
    this.#forgetIdle(now - maxIdleMs);
    const kept = this.#policies.get(key) ?? { policy: this.#factory(text('key', key)), usedAt: now };
    kept.usedAt = now;
    this.#policies.delete(key);
    this.#policies.set(key, kept);
    if (this.#policies.size > maxKeys) this.#forgetOldest();
    return kept.policy;
  }

  *entries(): IterableIterator<[key: string, policy: Each]> {
    // A copy: a use moves a key to the end, where a walk through the map itself would come by it again, for ever.
    const present = [...this.#policies];
    for (const [key, { policy }] of present) yield [key, policy];
  }

  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    return this.get(text('key', options?.key)).execute(operation, options);
  }

  #forgetIdle(usedBy: number): void {
    for (const [key, { usedAt }] of this.#policies) {
      if (usedAt > usedBy) return;
      this.#policies.delete(key);
    }
  }

  #forgetOldest(): void {
    for (const key of this.#policies.keys()) {
      this.#policies.delete(key);
      return;
    }
  }
}
