import type { Advice } from './advice.ts';

/** A tier outside this process. */
export type LowerTierLevel = 'l2' | 'l3';

/** A tier of the cache, the nearest first. */
export type TierLevel = 'l1' | LowerTierLevel;

/** What a tiered cache tells whoever watches. Hits, misses and loads make no events; they are in the statistics. */
export type TieredCacheEvent =
  | {
      /** An operation on the tier failed or was refused, after the last one had worked. */
      readonly type: 'tier-failed';
      readonly cache: string;
      readonly tier: LowerTierLevel;
      readonly error: unknown;
    }
  | {
      /** An operation on the tier worked, after the last one had not. */
      readonly type: 'tier-recovered';
      readonly cache: string;
      readonly tier: LowerTierLevel;
    }
  | {
      /** What the tier held is damaged, of another layout or codec, or not ours. It counts as a miss. */
      readonly type: 'entry-corrupted';
      readonly cache: string;
      readonly tier: LowerTierLevel;
      readonly key: string;
      readonly error: unknown;
    }
  | {
      /** A loaded value could not be encoded, so only the first tier holds it. */
      readonly type: 'encode-failed';
      readonly cache: string;
      readonly key: string;
      readonly error: unknown;
    }
  | {
      /** A refresh in the background failed; the stale value stays in use while its time lasts. */
      readonly type: 'refresh-failed';
      readonly cache: string;
      readonly key: string;
      readonly error: unknown;
    }
  | {
      /** The log of the shared tier cannot be read, after it could. Memory is believed for `maxStalenessMs` more. */
      readonly type: 'log-lost';
      readonly cache: string;
      readonly error: unknown;
    }
  | {
      /** The log can be read again. */
      readonly type: 'log-found';
      readonly cache: string;
    }
  | {
      /** Invalidations may have been missed, or the shared tier has forgotten everything: memory was emptied. */
      readonly type: 'memory-dropped';
      readonly cache: string;
      readonly because: 'gap' | 'epoch';
    }
  | {
      /** The cache as it is configured does not give a guarantee. Told once for each, soon after it was made. */
      readonly type: 'advice';
      readonly cache: string;
      readonly advice: Advice;
    };
