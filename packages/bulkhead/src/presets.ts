import type { BulkheadOptions } from './options.ts';

/** Options for what services usually call. Copy one and change what you know better. */
export const presets: Readonly<Record<'database' | 'external' | 'compute', BulkheadOptions>> = {
  /** Queries: 50 at once, 200 may wait. */
  database: { limit: 50, maxQueued: 200 },
  /** Somebody else's API: 10 at once, 100 may wait. Answers take longer, so waiting a little longer is fine. */
  external: { limit: 10, maxQueued: 100, targetWaitMs: 250, shedAfterMs: 1_000 },
  /** Heavy computations: 5 at once, 100 may wait, for seconds if need be. */
  compute: { limit: 5, maxQueued: 100, targetWaitMs: 1_000, shedAfterMs: 5_000 },
};
