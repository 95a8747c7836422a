import { callable, type Clock, methods, systemClock, wholeNumber } from '@holdfast/core';

import type { LoadContext } from '../loader.ts';
import { Pace } from './pace.ts';

/** A cache that loads what it does not hold: a tiered cache, a part of one, or whatever reads alike. */
export interface WarmableCache<V = unknown> {
  get(
    key: string,
    loader: (context: LoadContext) => Promise<V>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<unknown>;
}

/** What a reader's loader does, given the key. */
export type WarmUpLoad<V> = (key: string, context: LoadContext) => V | PromiseLike<V>;

export interface WarmUpOptions {
  /** Keys looked up at the same time, at least 1. Defaults to 4. */
  readonly concurrency?: number | undefined;
  /** Most keys begun in a second, at least 1, spread evenly. Defaults to no limit. */
  readonly maxPerSecond?: number | undefined;
  /** Ends the warm-up, its waits and its loads. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each key when it is done, and waited for before the next one. What it throws ends the warm-up. */
  readonly onProgress?: ((progress: WarmUpProgress) => unknown) | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** What became of the keys so far. */
export interface WarmUpCounts {
  /** Loaded. */
  readonly warmed: number;
  /** Held already, in some tier, or being loaded for somebody else. */
  readonly present: number;
  /** The loader gave `undefined`: there is nothing to hold. */
  readonly absent: number;
  /** The loader or the cache failed. */
  readonly failed: number;
}

export interface WarmUpProgress extends WarmUpCounts {
  readonly key: string;
  readonly outcome: keyof WarmUpCounts;
  /** Why it failed. */
  readonly error?: unknown;
  /** Keys done so far. */
  readonly done: number;
  /** Different keys in all. */
  readonly total: number;
}

/**
 * Loads keys into a cache before anybody asks for them, at a pace that the source can stand. They go through the cache's
 * own `get`: what is held is not loaded again, and a reader who wants the same key meanwhile shares the load. A key that
 * fails is counted, and the rest go on.
 *
 * Lives that begin together end together: give the cache a `jitterRatio`.
 *
 * At the start, with the hot keys of the last run, or now and then as a job:
 *
 * ```ts
 * const { keys } = await readHotKeys('data/hot-keys');
 * await warmUp(cache, keys, (key, { signal }) => load(key, { signal }), { maxPerSecond: 200 });
 *
 * const worker = new Worker(queue, {
 *   'warm-up': async (file: string, { signal }) => {
 *     const { keys } = await readHotKeys(file);
 *     return warmUp(cache, keys, (key, context) => load(key, context), { signal, maxPerSecond: 50 });
 *   },
 * });
 * await queue.enqueue({ type: 'warm-up', payload: 'data/hot-keys', priority: 'low' });
 * ```
 *
 * @param keys - The most wanted first. Each is looked up once.
 * @throws {InvalidOptionError} naming the first option out of range.
 * @throws The signal's reason, when it aborts: so a job that is stopped is not taken for done.
 */
export async function warmUp<V>(
  cache: WarmableCache<V>,
  keys: Iterable<string>,
  load: WarmUpLoad<V>,
  options: WarmUpOptions = {},
): Promise<WarmUpCounts> {
  methods('cache', cache, 'get');
  callable('load', load);
  if (options.onProgress !== undefined) callable('onProgress', options.onProgress);
  const concurrency = wholeNumber('concurrency', options.concurrency ?? 4, 1);
  const unique = new Set(keys);
  const run = new WarmUpRun(cache, unique, load, options);
  options.signal?.throwIfAborted();
  const lanes = Array.from({ length: Math.min(concurrency, unique.size) }, () => run.lane());
  // All of them, also those that go on after one has failed: nothing runs on behind the caller's back.
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
  return run.counts;
}

class WarmUpRun<V> {
  readonly #cache: WarmableCache<V>;
  readonly #left: Iterator<string>;
  readonly #total: number;
  readonly #load: WarmUpLoad<V>;
  readonly #pace: Pace;
  readonly #options: WarmUpOptions;
  readonly #counts = { warmed: 0, present: 0, absent: 0, failed: 0 };
  #done = 0;
  #broken = false;

  constructor(
    cache: WarmableCache<V>,
    keys: ReadonlySet<string>,
    load: WarmUpLoad<V>,
    options: WarmUpOptions,
  ) {
    this.#cache = cache;
    this.#left = keys.values();
    this.#total = keys.size;
    this.#load = load;
    this.#pace = paceOf(options);
    this.#options = options;
  }

  get counts(): WarmUpCounts {
    return { ...this.#counts };
  }

  /** Takes one key after the other, until there are none left or some lane has failed. */
  async lane(): Promise<void> {
    const { signal } = this.#options;
    try {
      for (let next = this.#left.next(); next.done !== true; next = this.#left.next()) {
        // Here and not inside the loader: a reader who joins the load must not wait for the pace.
        await this.#pace.turn(signal);
        if (this.#broken) return;
        const result = await this.#lookUp(next.value);
        signal?.throwIfAborted();
        await this.#report(next.value, result);
      }
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  async #lookUp(key: string): Promise<LookUp> {
    let loaded: LookUp | undefined;
    const loader = async (context: LoadContext): Promise<V> => {
      try {
        const value = await this.#load(key, context);
        loaded = { outcome: value === undefined ? 'absent' : 'warmed' };
        return value;
      } catch (error) {
        // The cache does not pass it on where a stale value stands in.
        loaded = { outcome: 'failed', error };
        throw error;
      }
    };
    try {
      await this.#cache.get(key, loader, { signal: this.#options.signal });
      return loaded ?? { outcome: 'present' };
    } catch (error) {
      return { outcome: 'failed', error };
    }
  }

  /** Waits for whoever is told, for it may be told of the next key only when it has done with this one. */
  async #report(key: string, result: LookUp): Promise<void> {
    this.#counts[result.outcome] += 1;
    this.#done += 1;
    await this.#options.onProgress?.({
      ...this.#counts,
      ...result,
      key,
      done: this.#done,
      total: this.#total,
    });
  }
}

interface LookUp {
  readonly outcome: keyof WarmUpCounts;
  readonly error?: unknown;
}

function paceOf({ maxPerSecond, clock = systemClock }: WarmUpOptions): Pace {
  methods('clock', clock, 'now', 'epoch', 'schedule');
  return new Pace(
    maxPerSecond === undefined ? Infinity : wholeNumber('maxPerSecond', maxPerSecond, 1),
    clock,
  );
}
