import { type Clock, Execution } from '@holdfast/core';

import { tagsOf } from '../checks.ts';
import type { Authority } from '../coherence/authority.ts';
import type { Counts } from '../counts.ts';
import { type Entry, newer } from '../entry/entry.ts';
import type { Lives } from '../entry/lives.ts';
import type { TierLevel } from '../events.ts';
import type { BulkLoader, LoadContext, Loader } from '../loader.ts';
import type { GetOptions, ReadRecorder } from '../options.ts';
import type { EntryView } from '../results.ts';
import { BulkLoad } from './bulk-load.ts';
import type { EntryStore } from './entry-store.ts';
import { orLeave } from './leaving.ts';
import { Patience } from './patience.ts';
import type { Read } from './read.ts';
import type { ReadThrough } from './read-through.ts';
import type { Sliding } from './sliding.ts';

export interface ReadsOptions {
  /** Name of the cache. */
  readonly name: string;
  readonly store: EntryStore;
  readonly through: ReadThrough;
  readonly sliding: Sliding;
  readonly authority: Authority;
  readonly counts: Counts;
  readonly lives: Lives;
  readonly clock: Clock;
  /** How long one read waits for all lower tiers together, in milliseconds. */
  readonly patienceMs: number;
  readonly recorder: ReadRecorder | undefined;
}

interface Located {
  readonly level: TierLevel;
  readonly entry: Entry;
}

/** One call for many keys, on its way to its loader. */
interface BulkRead {
  readonly options: GetOptions | undefined;
  readonly execution: Execution | undefined;
  /** When the tiers were asked for them, on the monotonic clock. */
  readonly askedAt: number;
  /** What the tiers gave for a key that was not invalidated meanwhile. */
  readonly staleOf: (key: string) => Entry | undefined;
}

/** The reads of one cache that memory alone has not answered. Invariant: each key asked for counts as one outcome. */
export class Reads {
  readonly #options: ReadsOptions;

  constructor(options: ReadsOptions) {
    this.#options = options;
  }

  /** The fresh entry in memory. */
  peek(key: string): Entry | undefined {
    const { store, sliding } = this.#options;
    const held = store.first?.fresh(key);
    if (held !== undefined) sliding.touch(key, held);
    return held;
  }

  /** The value of `key`, from a tier or from `loader`; `undefined` only without one. */
  get(key: string, loader: Loader<unknown> | undefined, options?: GetOptions): Promise<unknown> {
    const { store, through, recorder, clock } = this.#options;
    recorder?.record(key);
    if (options?.after !== undefined) store.catchUp(key, options.after);
    return loader === undefined
      ? this.#find(key, options)
      : through.read(this.#request(key, loader, options, options && new Execution(options, clock)));
  }

  /** The fresh values among `keys`, in one operation per tier, and what one call of `loader` brings of the others. */
  async getMany<T>(
    keys: ReadonlySet<string>,
    loader: BulkLoader<T> | undefined,
    options: GetOptions | undefined,
  ): Promise<Map<string, T>> {
    const { store, counts, clock } = this.#options;
    const askedAt = clock.now();
    const execution = options && new Execution(options, clock);
    const found = this.#inMemory(keys, options);
    const asked = [...keys].filter((key) => !found.has(key));
    counts.l1Miss += asked.length;
    const fences = new Map(loader && asked.map((key) => [key, store.enter(key)]));
    try {
      for (const [key, lower] of await this.#lookupMany(asked, loader, options, execution))
        found.set(key, lower);
      const values = this.#stillFresh<T>(found);
      const missing = [...keys].filter((key) => !values.has(key));
      if (loader === undefined) counts.miss += missing.length;
      if (loader === undefined || missing.length === 0) return values;
      const staleOf = (key: string): Entry | undefined =>
        fences.get(key)?.raised === false ? found.get(key)?.entry : undefined;
      const loaded = await this.#loadMany<T>(missing, loader, { options, execution, askedAt, staleOf });
      for (const [key, value] of loaded) if (value !== undefined) values.set(key, value);
      return values;
    } finally {
      for (const [key, fence] of fences) store.leave(key, fence);
    }
  }

  /** What is held of `key`, fresh or stale, wherever it is. */
  async entry<T>(key: string): Promise<EntryView<T> | undefined> {
    const { store, clock } = this.#options;
    const held = store.first?.held(key);
    const readable = held !== undefined && held.heldUntil > clock.now();
    const found = readable ? undefined : (await store.lookup(key)).get(key);
    const entry = newer(held, found?.entry);
    if (entry === undefined) return undefined;
    const now = clock.now();
    return {
      value: entry.value as T,
      state: entry.freshUntil > now ? 'fresh' : 'stale',
      tier: entry === found?.entry ? found.level : 'l1',
      ageMs: now - entry.storedAt,
      tags: entry.tags ?? [],
      version: entry.origin.version,
    };
  }

  /** What is fresh in memory. */
  #inMemory(keys: ReadonlySet<string>, options: GetOptions | undefined): Map<string, Located> {
    const { store, recorder } = this.#options;
    const found = new Map<string, Located>();
    for (const key of keys) {
      if (options?.after !== undefined) store.catchUp(key, options.after);
      recorder?.record(key);
      const entry = store.first?.readable(key) ?? store.first?.fresh(key);
      if (entry !== undefined) found.set(key, { level: 'l1', entry });
    }
    return found;
  }

  /** What the tiers hold. A caller whose deadline passes before they answer may still be given something stale. */
  async #lookupMany<T>(
    keys: readonly string[],
    loader: BulkLoader<T> | undefined,
    options: GetOptions | undefined,
    execution: Execution | undefined,
  ): Promise<ReadonlyMap<string, Located>> {
    const { name, store, counts, clock } = this.#options;
    if (store.lower.absent || keys.length === 0) return new Map();
    try {
      return await orLeave(store.lookupMany(keys, options?.after), execution, name, clock);
    } catch (error) {
      if (loader !== undefined && execution?.cancellation?.cancelled !== true) return new Map();
      counts.error += keys.length;
      throw error;
    }
  }

  /** What one call of `loader` brings for keys that no tier has. */
  async #loadMany<T>(
    keys: readonly string[],
    loader: BulkLoader<T>,
    { options, execution, askedAt, staleOf }: BulkRead,
  ): Promise<readonly (readonly [string, T | undefined])[]> {
    const { store, through, counts, clock } = this.#options;
    const bulk = new BulkLoad<T>(keys, loader);
    const load = async (key: string): Promise<readonly [string, T | undefined]> => {
      const leave = (): void => bulk.leave(key);
      const one = (context: LoadContext): Promise<T | undefined> => {
        const gatheredAt = clock.now();
        return bulk.load(context, () => request.patience.spent(gatheredAt));
      };
      if (store.loads.has(key)) leave();
      const request = this.#request(key, one, options, execution, leave);
      request.patience.spent(askedAt);
      const reading = through.load(request, staleOf(key));
      try {
        return [key, (await reading.finally(leave)) as T | undefined];
      } catch (error) {
        counts.error += 1;
        throw error;
      }
    };
    return Promise.all(keys.map(load));
  }

  async #find(key: string, options: GetOptions | undefined): Promise<unknown> {
    const { name, store, sliding, counts, clock } = this.#options;
    const held = this.peek(key);
    if (held !== undefined) {
      counts.l1Hit += 1;
      return held.value;
    }
    if (store.first !== undefined) counts.l1Miss += 1;
    const execution = options && new Execution(options, clock);
    const looked = await orLeave(store.lookup(key, options?.after), execution, name, clock);
    const found = looked.get(key);
    if (found === undefined || found.entry.freshUntil <= clock.now()) {
      counts.miss += 1;
      return undefined;
    }
    sliding.touch(key, found.entry);
    counts.hit(found.level);
    return found.entry.value;
  }

  /** What a tier gave may have expired while another one was waited for. */
  #stillFresh<T>(found: ReadonlyMap<string, Located>): Map<string, T> {
    const { sliding, counts, clock } = this.#options;
    const now = clock.now();
    const values = new Map<string, T>();
    for (const [key, { level, entry }] of found) {
      if (entry.freshUntil <= now) continue;
      sliding.touch(key, entry);
      counts.hit(level);
      values.set(key, entry.value as T);
    }
    return values;
  }

  #request(
    key: string,
    loader: Loader<unknown>,
    options: GetOptions | undefined,
    execution: Execution | undefined,
    onBusy?: () => void,
  ): Read {
    const { lives, clock, patienceMs } = this.#options;
    return {
      key,
      loader,
      terms: lives.termsOf(options),
      tags: options === undefined ? undefined : tagsOf(options.tags),
      patience: new Patience(patienceMs, clock),
      onBusy,
      options,
      execution,
      fence: undefined,
    };
  }
}
