import type { TieredCacheStatistics } from '@holdfast/tiered-cache';
import type { PhaseMeasurement } from './load-phase.ts';
import { table } from './table.ts';

type Lookups = TieredCacheStatistics['lookups'];

/** A phase as its clients saw it, and as the cache did. */
export interface PhaseResult extends PhaseMeasurement {
  readonly name: string;
  /** When it began, in milliseconds of the tour. */
  readonly startedAtMs: number;
  readonly lookups: Lookups;
}

/** What was counted between two readings. */
export const lookupsBetween = (before: Lookups, after: Lookups): Lookups => {
  const { l1Hit, l2Hit, l3Hit, staleHit, loaded, miss, error } = after;
  return {
    l1Hit: l1Hit - before.l1Hit,
    l2Hit: l2Hit - before.l2Hit,
    l3Hit: l3Hit - before.l3Hit,
    staleHit: staleHit - before.staleHit,
    loaded: loaded - before.loaded,
    miss: miss - before.miss,
    error: error - before.error,
  };
};

const header = [
  'phase',
  'requests',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'L1',
  'L2',
  'L3',
  'stale',
  'limited',
  'shed',
  'degraded',
  'failed',
];

/** The figures of all phases, one a line. Hit ratios are shares of what was asked of the cache. */
export function resultTable(results: readonly PhaseResult[]): string {
  return table(header, results.map(row));
}

function row({ name, lookups, ...measured }: PhaseResult): string[] {
  const asked = Object.values(lookups).reduce((sum, count) => sum + count, 0);
  const share = (count: number): string => (asked === 0 ? '–' : `${Math.round((100 * count) / asked)} %`);
  return [
    name,
    String(measured.requests),
    ...[measured.p50Ms, measured.p95Ms, measured.p99Ms].map((ms) => ms.toFixed(1)),
    ...[lookups.l1Hit, lookups.l2Hit, lookups.l3Hit, lookups.staleHit].map(share),
    ...[measured.limited, measured.shed, measured.degraded, measured.failed].map(String),
  ];
}
