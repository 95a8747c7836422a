/** What became of GET and HEAD requests. Counters only grow. */
export interface ResponseCacheStatistics {
  readonly component: 'response-cache';
  readonly name: string;
  /** Answered from what is stored, or from a run that was shared. */
  readonly hits: number;
  /** Those of the hits whose response was stale. */
  readonly staleHits: number;
  /** Answers that were 304, hits or not. */
  readonly notModified: number;
  /** Handlers run for a client on behalf of everybody. */
  readonly misses: number;
  /** Handlers run as if there were no cache. */
  readonly passes: number;
  /** Responses stored, after misses and in the background. */
  readonly stored: number;
  /** Failures of the cache, and of functions in the options. The handler ran instead. */
  readonly errors: number;
}

export class ResponseCounts {
  hits = 0;
  staleHits = 0;
  notModified = 0;
  misses = 0;
  passes = 0;
  stored = 0;
  errors = 0;

  statistics(name: string): ResponseCacheStatistics {
    const { hits, staleHits, notModified, misses, passes, stored, errors } = this;
    return {
      component: 'response-cache',
      name,
      hits,
      staleHits,
      notModified,
      misses,
      passes,
      stored,
      errors,
    };
  }
}
