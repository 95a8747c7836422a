import { InvalidOptionError } from '@holdfast/core';

import type { CacheCapabilities, ICache, SetOptions } from '../cache.ts';
import { present, wellFormedKey } from '../checks.ts';
import type { AdaptableCache } from './adaptable-cache.ts';
import { markKey, type Marks, marksAmong, PartMarks } from './part-marks.ts';

/** How a value is kept: with the marks of the parts it lies in, see {@link PartMarks}. */
interface Marked {
  readonly value: unknown;
  readonly marks: Marks;
}

/**
 * A part of a cache that others share: a name before its keys, and a `clear` of its own that costs one write, whatever is
 * held. Parts lie in parts; clearing one empties those within it. What has been cleared takes room until its life is over
 * or it is pushed out.
 *
 * A read is one operation on the cache and a write is two at the same time: one that looks whether the part has been
 * cleared meanwhile. Only then, and the first time, is something written again.
 *
 * Another process notices a `clear` when it would notice any write to the cache.
 *
 * Invariants, where every process sees what was written last:
 * - what was set before a `clear` began is not read after it has ended, by any process;
 * - neither keys nor `clear` reach into a part whose name merely begins alike;
 * - losing any entry of the cache, marks included, can only cause misses.
 */
export class CachePart implements ICache {
  readonly capabilities: CacheCapabilities = {
    ttl: true,
    sync: false,
    compareAndSet: false,
    log: false,
    tags: false,
  };
  readonly #cache: AdaptableCache;
  readonly #prefix: string;
  readonly #marks: PartMarks;
  /** The marks that were true when last looked at. */
  #lastMarks: Marks | undefined;

  /** @param parts - The names of this part and of those around it, the outermost first. */
  constructor(cache: AdaptableCache, parts: readonly string[]) {
    this.#cache = cache;
    this.#prefix = `${parts.at(-1)}:`;
    this.#marks = new PartMarks(cache, parts);
  }

  /**
   * A part within this one; a colon separates levels. Its keys, with its name and a colon before them, can be read from
   * here as well.
   */
  part(name: string): CachePart {
    const parts = [...this.#marks.parts];
    for (const level of name.split(':')) parts.push(`${parts.at(-1)}:${level}`);
    return new CachePart(this.#cache, parts);
  }

  async get(key: string): Promise<unknown> {
    return (await this.getMany([key])).get(key);
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const values = new Map<string, unknown>();
    if (keys.length === 0) return values;
    const names = keys.map((key) => this.#name(key));
    const { parts } = this.#marks;
    const found = await this.#cache.getMany([...parts.map(markKey), ...new Set(names)]);
    const marked = names.map((name) => markedValue(found.get(name)));
    const marks = await this.#marksFor(marked, marksAmong(parts, found));
    for (const [index, key] of keys.entries()) {
      const entry = marked[index];
      if (entry !== undefined && this.#isCurrent(entry, marks)) values.set(key, entry.value);
    }
    return values;
  }

  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(entries: Iterable<readonly [string, unknown]>, options?: SetOptions): Promise<void> {
    const named = [...entries].map(([key, value]) => [this.#name(key), present(value)] as const);
    if (named.length === 0) return;
    const supposed = this.#lastMarks;
    if (supposed === undefined)
      return this.#write(named, (this.#lastMarks = await this.#marks.current()), options);
    const [marks] = await Promise.all([this.#marks.current(), this.#write(named, supposed, options)]);
    if (same(marks, supposed)) return;
    this.#lastMarks = marks;
    await this.#write(named, marks, options);
  }

  async delete(key: string): Promise<boolean> {
    return (await this.deleteMany([key])) === 1;
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const held = await this.getMany(keys);
    const names = [...new Set(keys)].map((key) => this.#name(key));
    if (names.length === 0) return 0;
    if (this.#cache.deleteMany !== undefined) await this.#cache.deleteMany(names);
    else await Promise.all(names.map((name) => this.#cache.delete(name)));
    return held.size;
  }

  clear(): Promise<void> {
    return this.#marks.renew();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Others share the cache.
  }

  #name(key: string): string {
    return this.#prefix + wellFormedKey(key);
  }

  /** The marks of now that tell whether the entries are current: some may lie in parts within this one. */
  async #marksFor(
    entries: readonly (Marked | undefined)[],
    known: Map<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    const within = new Set<string>();
    for (const entry of entries)
      for (const [part] of entry?.marks ?? []) if (!this.#marks.parts.includes(part)) within.add(part);
    if (within.size === 0) return known;
    return new Map([...known, ...(await this.#marks.read(within))]);
  }

  /** Whether no part that the entry lies in has been cleared, and it lies in this one. */
  #isCurrent({ marks }: Marked, now: ReadonlyMap<string, string>): boolean {
    const current = marks.every(([part, mark]) => now.get(part) === mark);
    return current && this.#marks.parts.every((part) => marks.some(([own]) => own === part));
  }

  async #write(
    named: readonly (readonly [string, unknown])[],
    marks: Marks,
    options: SetOptions | undefined,
  ): Promise<void> {
    const entries = named.map(([name, value]) => [name, { value, marks } satisfies Marked] as const);
    const [only] = entries;
    if (only !== undefined && entries.length === 1) await this.#cache.set(...only, options);
    else if (this.#cache.setMany !== undefined) await this.#cache.setMany(entries, options);
    else await Promise.all(entries.map(([name, entry]) => this.#cache.set(name, entry, options)));
  }
}

/**
 * A part of the whole cache.
 *
 * @param name - Any well-formed text. The empty one is a part like the others.
 * @param option - What the name is called by whoever gave it.
 * @throws {InvalidOptionError} for any other name.
 */
export function partOf(cache: AdaptableCache, name: string, option: string = 'namespace'): CachePart {
  if (!name.isWellFormed()) throw new InvalidOptionError(option, 'well-formed Unicode', name);
  // No two names become one text, and none keeps a colon or an `@`.
  return new CachePart(cache, [encodeURIComponent(name)]);
}

/** What was read, if it is ours. */
function markedValue(stored: unknown): Marked | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { value, marks } = stored as Partial<Marked>;
  return value !== undefined && Array.isArray(marks) && marks.every(Array.isArray)
    ? (stored as Marked)
    : undefined;
}

function same(one: Marks, other: Marks): boolean {
  return one.every(([, mark], index) => mark === other[index]?.[1]);
}
