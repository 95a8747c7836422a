import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a worker's statistics. */
interface WorkerStatistics {
  readonly running?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  readonly cancelled?: number;
  readonly released?: number;
  readonly leasesLost?: number;
  readonly errors?: number;
}

const { counter, gauge } = metricsOf<WorkerStatistics>('worker');

export const worker: ComponentKind = {
  component: 'worker',
  metrics: [
    gauge('worker_running', 'Jobs running', ({ running }) => [[running]]),
    counter(
      'worker_attempts_total',
      'Ended attempts: succeeded, failed, cancelled, released',
      ({ succeeded, failed, cancelled, released }) =>
        byField('outcome', { succeeded, failed, cancelled, released }),
    ),
    counter(
      'worker_leases_lost_total',
      'Jobs that another worker had taken over before they were settled',
      ({ leasesLost }) => [[leasesLost]],
    ),
    counter('worker_queue_errors_total', 'Calls to the queue that failed otherwise', ({ errors }) => [
      [errors],
    ]),
  ],
};
