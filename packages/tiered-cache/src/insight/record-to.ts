import type { ReadRecorder } from '../options.ts';

/**
 * One recorder in the place of several, which are told in this order:
 *
 * ```ts
 * const hotKeys = new HotKeys();
 * const curve = new HitRatioCurve({ entries: 10_000 });
 * const cache = createCache({ namespace: 'shop', ttlMs: 60_000, reads: recordTo(hotKeys, curve) });
 * ```
 */
export function recordTo(first: ReadRecorder, ...others: readonly ReadRecorder[]): ReadRecorder {
  const [second, ...rest] = others;
  if (second === undefined) return first;
  // Nested pairs instead of a loop over an array: the usual two recorders are two direct calls.
  const following = recordTo(second, ...rest);
  return {
    record(key) {
      first.record(key);
      following.record(key);
    },
  };
}
