import { type ComponentKind, inSeconds, metricsOf, type Reading, stateSet } from './component.ts';

/** What is read of a health aggregator's statistics. */
interface HealthStatistics {
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly lastSuccessAt?: number | undefined;
  }[];
}

const { gauge } = metricsOf<HealthStatistics>(undefined);

export const health: ComponentKind = {
  component: 'health',
  metrics: [
    gauge('health_check_status', 'State set: pass, warn, fail', ({ checks }) =>
      checks.flatMap(({ name, status }) =>
        stateSet('status', ['pass', 'warn', 'fail'], status).map(([value, labels]): Reading => [
          value,
          { check: name, ...labels },
        ]),
      ),
    ),
    gauge('health_check_last_success_timestamp_seconds', 'Unix time of last pass', ({ checks }) =>
      checks.map(({ name, lastSuccessAt }): Reading => [inSeconds(lastSuccessAt), { check: name }]),
    ),
  ],
};
