import { type ComponentKind, metricsOf, type Reading } from './component.ts';

/** What is read of a rate limiter's statistics. */
interface RateLimiterStatistics {
  /** `local` decisions are among the other two. */
  readonly decisions?: { readonly allowed?: number; readonly rejected?: number; readonly local?: number };
  /** By the name of the limit that said no. */
  readonly rejections?: Readonly<Record<string, number>>;
  readonly storeErrors?: number;
  readonly trackedSubjects?: number;
}

const { counter, gauge } = metricsOf<RateLimiterStatistics>('limiter');

export const rateLimiter: ComponentKind = {
  component: 'rate-limiter',
  metrics: [
    counter('rate_limiter_decisions_total', 'Decisions: allowed, rejected', ({ decisions }) => [
      [decisions?.allowed, { decision: 'allowed' }],
      [decisions?.rejected, { decision: 'rejected' }],
    ]),
    counter(
      'rate_limiter_local_decisions_total',
      'Decisions made without the store because it failed; among the others as well',
      ({ decisions }) => [[decisions?.local]],
    ),
    counter(
      'rate_limiter_rejections_total',
      'Rejections; scope is the limit that said no',
      ({ rejections }) =>
        Object.entries(rejections ?? {}).map(([scope, count]): Reading => [count, { scope }]),
    ),
    counter('rate_limiter_store_errors_total', 'Store failures', ({ storeErrors }) => [[storeErrors]]),
    gauge('rate_limiter_tracked_keys', 'Keys held in memory', ({ trackedSubjects }) => [[trackedSubjects]]),
  ],
};
