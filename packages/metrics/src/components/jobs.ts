import { byField, type ComponentKind, inSeconds, metricsOf } from './component.ts';

/** What is read of a job queue's statistics. */
interface JobStatistics {
  readonly waiting?: number;
  readonly delayed?: number;
  readonly active?: number;
  readonly dead?: number;
  readonly oldestWaitingMs?: number;
  readonly enqueued?: number;
  readonly deduplicated?: number;
  readonly claimed?: number;
  readonly completed?: number;
  readonly retried?: number;
  readonly died?: number;
  readonly cancelled?: number;
  readonly stalled?: number;
  readonly released?: number;
  readonly redriven?: number;
  readonly leasesLost?: number;
}

const { counter, gauge } = metricsOf<JobStatistics>('queue');

export const jobs: ComponentKind = {
  component: 'jobs',
  metrics: [
    gauge(
      'jobs',
      'Jobs held by state: waiting, delayed, active, dead',
      ({ waiting, delayed, active, dead }) => byField('state', { waiting, delayed, active, dead }),
    ),
    gauge(
      'jobs_oldest_waiting_seconds',
      'How long the longest waiting job has been due',
      ({ oldestWaitingMs }) => [[inSeconds(oldestWaitingMs)]],
    ),
    counter(
      'job_events_total',
      'What happened to jobs: enqueued, deduplicated, claimed, completed, retried, died, cancelled, stalled, released, redriven',
      (statistics) => {
        const { enqueued, deduplicated, claimed, completed, retried } = statistics;
        const { died, cancelled, stalled, released, redriven } = statistics;
        return byField('event', {
          enqueued,
          deduplicated,
          claimed,
          completed,
          retried,
          died,
          cancelled,
          stalled,
          released,
          redriven,
        });
      },
    ),
    counter(
      'job_leases_lost_total',
      'Settlements and heartbeats that came too late to count',
      ({ leasesLost }) => [[leasesLost]],
    ),
  ],
};
