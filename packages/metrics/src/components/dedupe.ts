import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a dedupe's statistics. */
interface DedupeStatistics {
  readonly calls?: Readonly<Record<string, number>>;
  readonly inFlight?: number;
  readonly abandoned?: number;
}

const { counter, gauge } = metricsOf<DedupeStatistics>('name');

export const dedupe: ComponentKind = {
  component: 'dedupe',
  metrics: [
    counter('dedupe_calls_total', 'role = leader (ran the work) or follower (shared it)', ({ calls }) =>
      byField('role', calls),
    ),
    gauge('dedupe_inflight', 'Distinct keys in flight', ({ inFlight }) => [[inFlight]]),
    counter('dedupe_abandoned_total', 'Flights whose last caller left before the end', ({ abandoned }) => [
      [abandoned],
    ]),
  ],
};
