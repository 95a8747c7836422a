import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a retry's statistics. */
interface RetryStatistics {
  readonly calls?: Readonly<Record<string, number>>;
  readonly retries?: number;
}

const { counter } = metricsOf<RetryStatistics>('name');

export const retry: ComponentKind = {
  component: 'retry',
  metrics: [
    counter('retry_calls_total', 'Ended calls, by result and whether they were retried', ({ calls }) =>
      byField('outcome', calls),
    ),
    counter('retry_retries_total', 'Executions beyond the first of each call', ({ retries }) => [[retries]]),
  ],
};
