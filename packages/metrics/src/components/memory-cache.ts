import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of the statistics of a cache in memory that is used by itself. */
interface MemoryCacheStatistics {
  readonly hits?: number;
  readonly misses?: number;
  readonly entries?: number;
  readonly bytes?: number;
  readonly capacityEntries?: number;
  readonly evictions?: number;
}

const { counter, gauge } = metricsOf<MemoryCacheStatistics>('cache');

export const memoryCache: ComponentKind = {
  component: 'memory-cache',
  metrics: [
    counter('memory_cache_requests_total', 'Reads: hit, miss', ({ hits, misses }) =>
      byField('result', { hit: hits, miss: misses }),
    ),
    counter('memory_cache_evictions_total', 'Entries pushed out for others', ({ evictions }) => [
      [evictions],
    ]),
    gauge('memory_cache_entries', 'Entries held (pulled)', ({ entries }) => [[entries]]),
    gauge('memory_cache_size_bytes', 'Estimated bytes held', ({ bytes }) => [[bytes]]),
    gauge('memory_cache_capacity_entries', 'Configured entry limit', ({ capacityEntries }) => [
      [capacityEntries],
    ]),
  ],
};
