import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a fallback's statistics. */
interface FallbackStatistics {
  readonly calls?: Readonly<Record<string, number>>;
  readonly running?: number;
}

const { counter, gauge } = metricsOf<FallbackStatistics>('name');

export const fallback: ComponentKind = {
  component: 'fallback',
  metrics: [
    counter('fallback_calls_total', 'Calls that failed: answered, failed, refused', ({ calls }) =>
      byField('outcome', calls),
    ),
    gauge('fallback_running', 'Calls that are being answered', ({ running }) => [[running]]),
  ],
};
