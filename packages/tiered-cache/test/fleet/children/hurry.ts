import { OwnTime } from '@holdfast/test-support/own-time';
import type { TieredCache } from '@holdfast/tiered-cache';

import { keyOf } from '../keys.ts';

type Operations = Readonly<Record<string, () => Promise<unknown>>>;

/** Every way to read and to write. Keys are found, missing and deleted as it comes; loaders answer at once. */
function operations(cache: TieredCache, who: number, round: number): Operations {
  const own = (): string => 'own';
  const key = (name: string): string => keyOf(who, name);
  const keys = [key(`many ${round}`), key('many'), key('held')];
  const tag = key('tag');
  return {
    get: () => cache.get(key(`read ${round}`), own),
    'get, held': () => cache.get(key('held'), own),
    'get, with tags': () => cache.get(key(`tagged ${round}`), own, { tags: [tag] }),
    'get, without a loader': () => cache.get(key(`other ${round}`)),
    getMany: () => cache.getMany(keys, (missing) => new Map(missing.map((each) => [each, 'own']))),
    entry: () => cache.entry(key(`read ${round}`)),
    set: () => cache.set(key('written'), round),
    delete: () => cache.delete(key('many')),
    deleteTag: () => cache.deleteTag(tag),
  };
}

/** Does everything, one after the other: tells what took longer than the limit, or rejected. */
export async function hurry(
  cache: TieredCache,
  who: number,
  rounds: number,
  limitMs: number,
): Promise<readonly string[]> {
  const time = new OwnTime();
  const late: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, operation] of Object.entries(operations(cache, who, round))) {
      const startedAt = time.ms;
      await operation().catch((error: unknown) => late.push(`${name}: ${String(error)}`));
      const tookMs = time.ms - startedAt;
      if (tookMs > limitMs) late.push(`${name}: after ${tookMs} ms`);
    }
  }
  time[Symbol.dispose]();
  return late;
}
