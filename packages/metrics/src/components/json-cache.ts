import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of the statistics of a lower cache tier that is used by itself. */
interface JsonCacheStatistics {
  readonly hits?: number;
  readonly misses?: number;
  readonly errors?: number;
}

const { counter } = metricsOf<JsonCacheStatistics>('cache');

export const jsonCache: ComponentKind = {
  component: 'json-cache',
  metrics: [
    counter('json_cache_requests_total', 'Reads: hit, miss, error', ({ hits, misses, errors }) =>
      byField('result', { hit: hits, miss: misses, error: errors }),
    ),
  ],
};
