import { type ExecuteOptions, type Operation, type Policy, text, wholeNumber } from '@holdfast/core';

export interface KeyedOptions {
  /** Most policies kept, at least 1. Defaults to 1,000. */
  readonly maxKeys?: number | undefined;
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
 * Keeps one policy per key, at most `maxKeys`: over that, the one unused for longest is forgotten with its state.
 * Calls that it is running end as they would have.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export function keyed<Each extends Policy>(
  factory: (key: string) => Each,
  options: KeyedOptions = {},
): Keyed<Each> {
  return new LeastRecentlyUsed(factory, wholeNumber('maxKeys', options.maxKeys ?? 1_000, 1));
}

class LeastRecentlyUsed<Each extends Policy> implements Keyed<Each> {
  readonly #factory: (key: string) => Each;
  readonly #maxKeys: number;
  /** In the order of last use. */
  readonly #policies = new Map<string, Each>();

  constructor(factory: (key: string) => Each, maxKeys: number) {
    this.#factory = factory;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#policies.size;
  }

  get(key: string): Each {
    const policy = this.#policies.get(key) ?? this.#factory(text('key', key));
    this.#policies.delete(key);
    this.#policies.set(key, policy);
    if (this.#policies.size > this.#maxKeys) this.#forgetOldest();
    return policy;
  }

  entries(): IterableIterator<[key: string, policy: Each]> {
    return this.#policies.entries();
  }

  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    return this.get(text('key', options?.key)).execute(operation, options);
  }

  #forgetOldest(): void {
    for (const key of this.#policies.keys()) {
      this.#policies.delete(key);
      return;
    }
  }
}
