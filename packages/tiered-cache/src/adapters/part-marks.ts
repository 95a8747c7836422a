import { randomBytes } from 'node:crypto';

import type { AdaptableCache } from './adaptable-cache.ts';

/** The parts that an entry lies in, the outermost first, each with the mark that it bore when the entry was written. */
export type Marks = readonly (readonly [part: string, mark: string])[];

const markBytes = 9;

/**
 * The marks of a part and of those around it. A mark is random text kept in the cache itself. Every entry repeats the marks
 * of its parts, and one whose marks are not those of now counts as absent: a part is emptied by one write.
 *
 * Invariant: a mark is never used twice. One that is lost is replaced, so losing it can only cause misses.
 */
export class PartMarks {
  /** The parts, the outermost first. */
  readonly parts: readonly string[];
  readonly #cache: AdaptableCache;

  constructor(cache: AdaptableCache, parts: readonly string[]) {
    this.#cache = cache;
    this.parts = parts;
  }

  /** The marks of now; makes those that are missing. */
  async current(): Promise<Marks> {
    const found = await this.read(this.parts);
    const marks = this.parts.map(
      async (part) => [part, found.get(part) ?? (await this.#make(part))] as const,
    );
    return Promise.all(marks);
  }

  /** The marks that `parts` bear, of those which have one. */
  async read(parts: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const asked = [...parts];
    return marksAmong(asked, await this.#cache.getMany(asked.map(markKey)));
  }

  /** Empties the innermost part. */
  async renew(): Promise<void> {
    const part = this.parts.at(-1) ?? '';
    await this.#cache.set(markKey(part), newMark(), { ttlMs: Infinity });
  }

  async #make(part: string): Promise<string> {
    const mark = newMark();
    await this.#cache.set(markKey(part), mark, { ttlMs: Infinity });
    // Somebody else may have made one at the same moment: the one that stayed counts.
    return (await this.read([part])).get(part) ?? mark;
  }
}

/** The key under which the mark of a part is kept. Names of parts never begin with `@`. */
export function markKey(part: string): string {
  return `@${part}`;
}

/** The marks of `parts` among what was read. */
export function marksAmong(
  parts: readonly string[],
  found: ReadonlyMap<string, unknown>,
): Map<string, string> {
  const marks = new Map<string, string>();
  for (const part of parts) {
    const mark = found.get(markKey(part));
    if (typeof mark === 'string') marks.set(part, mark);
  }
  return marks;
}

function newMark(): string {
  return randomBytes(markBytes).toString('base64url');
}
