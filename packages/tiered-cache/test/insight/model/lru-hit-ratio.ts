import { LRUCache } from 'lru-cache';

/**
 * The hit ratio of a memory of `entries` that pushes out what was read longest ago, over the second half of a trace:
 * the first half fills it.
 */
export function lruHitRatio(trace: readonly string[], entries: number): number {
  const held = new LRUCache<string, true>({ max: entries });
  const counted = trace.length / 2;
  let hits = 0;
  for (const [index, key] of trace.entries()) {
    const hit = held.get(key) === true;
    if (!hit) held.set(key, true);
    if (hit && index >= counted) hits += 1;
  }
  return hits / counted;
}
