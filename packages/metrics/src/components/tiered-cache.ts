import { byField, type ComponentKind, metricsOf, type Reading } from './component.ts';

interface TierStatistics {
  readonly hits?: number;
  readonly misses?: number;
  readonly errors?: number;
  readonly skipped?: number;
  readonly entries?: number;
  readonly bytes?: number;
  readonly capacityEntries?: number;
  readonly evictions?: number;
  readonly writesApplied?: number;
  readonly writesFailed?: number;
  readonly queued?: number;
  readonly up?: number;
}

type Counts = Readonly<Record<string, number>>;

/** What is read of a tiered cache's statistics. */
interface TieredCacheStatistics {
  readonly lookups?: Counts;
  readonly tiers?: Readonly<Record<string, TierStatistics | undefined>>;
  readonly loads?: Counts;
  readonly refreshes?: Counts;
  readonly slides?: Counts;
  readonly staleServed?: Counts;
  readonly coherence?: {
    readonly changes?: number;
    readonly gaps?: number;
    readonly epochs?: number;
    readonly fillsRefused?: number;
    readonly leases?: Counts;
  };
}

const { counter, gauge } = metricsOf<TieredCacheStatistics>('cache');

/** The catalogue's word for a run that failed. */
const catalogued = { failure: 'error' };

export const tieredCache: ComponentKind = {
  component: 'tiered-cache',
  metrics: [
    counter(
      'cache_lookups_total',
      'One per answer: l1_hit, l2_hit, l3_hit, stale_hit, loaded, miss, error; the hit ratio is computed from this alone',
      ({ lookups }) => byField('outcome', lookups),
    ),
    counter('cache_tier_requests_total', 'Hit/miss/error/skipped per tier (l1, l2, l3)', (cache) =>
      eachTier(cache, ({ hits, misses, errors, skipped }) => [
        [hits, { result: 'hit' }],
        [misses, { result: 'miss' }],
        [errors, { result: 'error' }],
        [skipped, { result: 'skipped' }],
      ]),
    ),
    counter('cache_operations_total', 'Writes to a lower tier, deletes included', (cache) =>
      eachTier(cache, ({ writesApplied, writesFailed }) => [
        [writesApplied, { operation: 'write', result: 'success' }],
        [writesFailed, { operation: 'write', result: 'error' }],
      ]),
    ),
    counter('cache_evictions_total', 'reason = capacity', (cache) =>
      eachTier(cache, ({ evictions }) => [[evictions, { reason: 'capacity' }]]),
    ),
    gauge('cache_entries', 'Entries held (pulled)', (cache) => eachTier(cache, ({ entries }) => [[entries]])),
    gauge('cache_size_bytes', 'Estimated bytes held', (cache) => eachTier(cache, ({ bytes }) => [[bytes]])),
    gauge('cache_capacity_entries', 'Configured entry limit', (cache) =>
      eachTier(cache, ({ capacityEntries }) => [[capacityEntries]]),
    ),
    gauge('cache_queued_writes', 'Keys whose removal is still owed to the tier', (cache) =>
      eachTier(cache, ({ queued }) => [[queued]]),
    ),
    gauge('cache_tier_up', '1 when the tier is used, 0 when bypassed', (cache) =>
      eachTier(cache, ({ up }) => [[up]]),
    ),
    counter('cache_loads_total', 'Runs of loaders, those in the background included', ({ loads }) =>
      byField('result', loads, catalogued),
    ),
    counter('cache_refreshes_total', 'Background refreshes', ({ refreshes }) =>
      byField('result', refreshes, catalogued),
    ),
    counter(
      'cache_slides_total',
      'Lives that a hit was to lengthen; result = extended, refused (no lower tier held the entry any more, or none answered)',
      ({ slides }) => byField('result', slides),
    ),
    counter(
      'cache_stale_served_total',
      'Stale answers; reason = revalidating, load_error, unverified',
      ({ staleServed }) => byField('reason', staleServed),
    ),
    counter('cache_invalidations_total', 'Invalidations heard of; source = remote', ({ coherence }) => [
      [coherence?.changes, { source: 'remote' }],
    ]),
    counter(
      'cache_memory_drops_total',
      'Times memory was emptied; reason = gap (invalidations may have been missed), epoch (the shared tier has forgotten everything)',
      ({ coherence }) => [
        [coherence?.gaps, { reason: 'gap' }],
        [coherence?.epochs, { reason: 'epoch' }],
      ],
    ),
    counter(
      'cache_leases_total',
      'Requests to load a key; outcome = granted, stored, busy, settling, unavailable',
      ({ coherence }) => byField('outcome', coherence?.leases),
    ),
    counter(
      'cache_fills_refused_total',
      'Loads overtaken by an invalidation and not stored',
      ({ coherence }) => [[coherence?.fillsRefused]],
    ),
  ],
};

function eachTier(
  { tiers }: TieredCacheStatistics,
  read: (tier: TierStatistics) => readonly Reading[],
): readonly Reading[] {
  return Object.entries(tiers ?? {}).flatMap(([tier, statistics]) =>
    read(statistics ?? {}).map(([value, labels]): Reading => [value, { tier, ...labels }]),
  );
}
