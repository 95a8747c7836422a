import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a hedge's statistics. */
interface HedgeStatistics {
  readonly calls?: Readonly<Record<string, number>>;
  readonly hedges?: Readonly<Record<string, number>>;
}

const { counter } = metricsOf<HedgeStatistics>('name');

export const hedge: ComponentKind = {
  component: 'hedge',
  metrics: [
    counter('hedge_calls_total', 'Ended calls: by_first, by_hedge, failed', ({ calls }) =>
      byField('outcome', calls),
    ),
    counter(
      'hedge_hedges_total',
      'Executions beside the first of each call: started, suppressed',
      ({ hedges }) => byField('outcome', hedges),
    ),
  ],
};
