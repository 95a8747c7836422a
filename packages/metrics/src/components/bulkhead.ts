import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a bulkhead's statistics. */
interface BulkheadStatistics {
  readonly running?: number;
  readonly queued?: number;
  readonly limit?: number;
  readonly queueLimit?: number;
  readonly abandoned?: number;
  readonly calls?: Readonly<Record<string, number>>;
}

const { counter, gauge } = metricsOf<BulkheadStatistics>('name');

export const bulkhead: ComponentKind = {
  component: 'bulkhead',
  metrics: [
    gauge('bulkhead_active', 'Calls running', ({ running }) => [[running]]),
    gauge('bulkhead_limit', 'Concurrency limit now (adaptive limits move it)', ({ limit }) => [[limit]]),
    gauge('bulkhead_queued', 'Calls waiting', ({ queued }) => [[queued]]),
    gauge('bulkhead_queue_limit', 'Queue capacity', ({ queueLimit }) => [[queueLimit]]),
    gauge('bulkhead_abandoned', 'Calls running whose callers have left', ({ abandoned }) => [[abandoned]]),
    counter(
      'bulkhead_calls_total',
      'Calls: admitted, queued, rejected_full, rejected_timeout, rejected_closed, shed, aborted',
      ({ calls }) => byField('outcome', calls),
    ),
  ],
};
