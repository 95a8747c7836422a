import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a timeout's statistics. */
interface TimeoutStatistics {
  readonly calls?: Readonly<Record<string, number>>;
  readonly zombies?: number;
}

const { counter, gauge } = metricsOf<TimeoutStatistics>('name');

export const timeout: ComponentKind = {
  component: 'timeout',
  metrics: [
    counter('timeout_calls_total', 'Executions: in_time, timed_out', ({ calls }) =>
      byField('outcome', calls),
    ),
    gauge('timeout_zombies', 'Operations that still run although nobody waits for them', ({ zombies }) => [
      [zombies],
    ]),
  ],
};
