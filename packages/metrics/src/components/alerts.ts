import { byField, type ComponentKind, metricsOf, type Reading } from './component.ts';

/** What is read of an alert manager's statistics. */
interface AlertStatistics {
  readonly rules: readonly {
    readonly name: string;
    readonly severity: string;
    readonly state: string;
    readonly transitions: Readonly<Record<string, number>>;
  }[];
}

const { counter, gauge } = metricsOf<AlertStatistics>(undefined);

export const alerts: ComponentKind = {
  component: 'alerts',
  metrics: [
    gauge('alerts', 'Alerts pending / firing now', ({ rules }) =>
      rules.flatMap(({ name, severity, state }) =>
        ['pending', 'firing'].map((each): Reading => [
          each === state ? 1 : 0,
          { alertname: name, severity, state: each },
        ]),
      ),
    ),
    counter('alert_transitions_total', 'pending, firing, resolved', ({ rules }) =>
      rules.flatMap(({ name, severity, transitions }) =>
        byField('to', transitions).map(([count, to]): Reading => [
          count,
          { alertname: name, severity, ...to },
        ]),
      ),
    ),
  ],
};
