import type { Clock } from '@holdfast/core';
import type { CacheCapabilities, ICache, SetOptions } from '@holdfast/tiered-cache';

/** What happens to one operation. */
export interface Fate {
  /** When it takes effect and settles, in milliseconds from its start; `Infinity` for never. */
  readonly delayMs?: number | undefined;
  /** It rejects; its effect happens all the same if `'after'`. */
  readonly fails?: 'before' | 'after' | undefined;
}

/** A store outside the process whose operations take as long, and fail, as a script says. */
export class ScriptedStore implements ICache {
  readonly capabilities: CacheCapabilities = {
    ttl: true,
    sync: false,
    compareAndSet: false,
    log: false,
    tags: false,
  };
  readonly entries = new Map<string, unknown>();
  readonly operations: string[] = [];
  fate: (operation: string, key: string) => Fate = () => ({});
  disposed = false;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): Promise<unknown> {
    return this.#do('get', key, () => this.entries.get(key));
  }

  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    return this.#do(
      'getMany',
      keys.join(),
      () => new Map([...this.entries].filter(([key]) => keys.includes(key))),
    );
  }

  async set(key: string, value: unknown, _options?: SetOptions): Promise<void> {
    await this.#do('set', key, () => this.entries.set(key, value));
  }

  async setMany(entries: Iterable<readonly [string, unknown]>): Promise<void> {
    for (const [key, value] of entries) await this.set(key, value);
  }

  delete(key: string): Promise<boolean> {
    return this.#do('delete', key, () => this.entries.delete(key));
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    return (await Promise.all(keys.map((key) => this.delete(key)))).filter(Boolean).length;
  }

  async clear(): Promise<void> {
    await this.#do('clear', '', () => this.entries.clear());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
  }

  async #do<T>(operation: string, key: string, effect: () => T): Promise<T> {
    this.operations.push(`${operation} ${key}`.trim());
    const { delayMs = 0, fails } = this.fate(operation, key);
    if (delayMs === Infinity) return new Promise<T>(() => undefined);
    if (delayMs > 0) await new Promise<void>((resolve) => void this.#clock.schedule(resolve, delayMs));
    if (fails === 'before') throw new Error(`${operation} failed`);
    const result = effect();
    if (fails === 'after') throw new Error(`${operation} failed`);
    return result;
  }
}
