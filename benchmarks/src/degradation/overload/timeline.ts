import { quantile } from '../../harness/result.ts';
import type { Run } from './run.ts';

/** One second of a run. */
export interface Second {
  /** 99th percentile of the critical calls that were due in it, in milliseconds; given up counts as the time until then. */
  readonly criticalP99Ms: number;
  /** Share of the other calls that were refused. */
  readonly refusedRatio: number;
  readonly featuresOn: number;
  readonly level: number;
  readonly score: number;
}

export function perSecond({ calls, states }: Run): readonly Second[] {
  const last = Math.max(...calls.map(({ dueMs }) => dueMs));
  return Array.from({ length: Math.ceil(last / 1_000) }, (_, second): Second => {
    const due = calls.filter(({ dueMs }) => Math.floor(dueMs / 1_000) === second);
    const critical = due.filter(({ criticality }) => criticality === 'critical');
    const others = due.filter(({ criticality }) => criticality !== 'critical');
    const refused = others.filter(({ outcome }) => outcome === 'refused');
    const state = states.findLast(({ atMs }) => atMs < (second + 1) * 1_000);
    const p99 = quantile(
      critical.map(({ latencyMs }) => latencyMs),
      0.99,
    );
    return {
      criticalP99Ms: Number.isNaN(p99) ? 0 : Math.round(p99),
      refusedRatio: Number((refused.length / Math.max(1, others.length)).toFixed(3)),
      featuresOn: state?.featuresOn ?? 4,
      level: state?.level ?? 0,
      score: Number((state?.score ?? 0).toFixed(3)),
    };
  });
}
