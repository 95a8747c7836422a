import { type ComponentKind, inSeconds, metricsOf, type Reading } from './component.ts';

interface WindowStatistics {
  readonly window: string;
  readonly complianceRatio?: number | undefined;
  readonly burnRate?: number | undefined;
}

/** What is read of an SLA tracker's statistics. */
interface SlaStatistics {
  readonly events: Readonly<Record<string, { readonly good: number; readonly bad: number }>>;
  readonly objectives: readonly {
    readonly name: string;
    readonly targetRatio: number;
    readonly budgetRemainingRatio: number;
    readonly windows: readonly WindowStatistics[];
  }[];
  readonly latency: readonly {
    readonly window: string;
    readonly p50Ms?: number | undefined;
    readonly p95Ms?: number | undefined;
    readonly p99Ms?: number | undefined;
  }[];
}

const complianceWindows = new Set(['1h', '1d', '30d']);

const { counter, gauge } = metricsOf<SlaStatistics>(undefined);

/** Objectives of several trackers are told apart by their own names, durations only by the tracker's. */
const own = metricsOf<SlaStatistics>('sla');

export const sla: ComponentKind = {
  component: 'sla',
  metrics: [
    counter('sla_events_total', 'good / bad events per objective: the fleet-wide SLO source', ({ events }) =>
      Object.entries(events).flatMap(([objective, { good, bad }]): Reading[] => [
        [good, { objective, result: 'good' }],
        [bad, { objective, result: 'bad' }],
      ]),
    ),
    gauge('sla_target_ratio', 'Target, e.g. 0.999', ({ objectives }) =>
      objectives.map(({ name, targetRatio }): Reading => [targetRatio, { objective: name }]),
    ),
    gauge('sla_compliance_ratio', 'Good share per window (1h, 1d, 30d)', (statistics) =>
      eachWindow(statistics, ({ window, complianceRatio }) =>
        complianceWindows.has(window) ? complianceRatio : undefined,
      ),
    ),
    gauge(
      'sla_error_budget_remaining_ratio',
      '1 = untouched, 0 = spent, negative = overspent',
      ({ objectives }) =>
        objectives.map(({ name, budgetRemainingRatio }): Reading => [
          budgetRemainingRatio,
          { objective: name },
        ]),
    ),
    gauge('sla_burn_rate_ratio', 'Budget burn: 1 = spends exactly the budget', (statistics) =>
      eachWindow(statistics, ({ burnRate }) => burnRate),
    ),
    own.gauge(
      'sla_latency_seconds',
      'In-process p50/p95/p99 from the sketch (not for aggregation)',
      ({ latency }) =>
        latency.flatMap(({ window, p50Ms, p95Ms, p99Ms }): Reading[] => [
          [inSeconds(p50Ms), { window, percentile: 'p50' }],
          [inSeconds(p95Ms), { window, percentile: 'p95' }],
          [inSeconds(p99Ms), { window, percentile: 'p99' }],
        ]),
    ),
  ],
};

function eachWindow(
  { objectives }: SlaStatistics,
  read: (window: WindowStatistics) => number | undefined,
): readonly Reading[] {
  return objectives.flatMap(({ name, windows }) =>
    windows.map((each): Reading => [read(each), { objective: name, window: each.window }]),
  );
}
