import { byField, type ComponentKind, inSeconds, metricsOf, type Reading } from './component.ts';

/** What is read of a degradation's statistics. */
interface DegradationStatistics {
  readonly level?: number;
  readonly score?: number;
  readonly transitions?: number;
  readonly msAt?: Readonly<Record<string, number>>;
  readonly featuresDisabled?: number;
  readonly refused?: Readonly<Record<string, number>>;
}

const { counter, gauge } = metricsOf<DegradationStatistics>('component');

export const degradation: ComponentKind = {
  component: 'degradation',
  metrics: [
    gauge('degradation_level', '0 normal, 1 reduced, 2 critical', ({ level }) => [[level]]),
    gauge('degradation_score_ratio', 'Load score, 0-1', ({ score }) => [[score]]),
    counter('degradation_transitions_total', 'Level changes', ({ transitions }) => [[transitions]]),
    counter('degradation_seconds_total', 'Seconds at each level', ({ msAt }) =>
      byField('level', msAt).map(([ms, labels]): Reading => [inSeconds(ms), labels]),
    ),
    gauge(
      'degradation_features_disabled',
      'Features that are off now, wholly or for some',
      ({ featuresDisabled }) => [[featuresDisabled]],
    ),
    counter('degradation_refused_total', 'Calls refused, by criticality', ({ refused }) =>
      byField('criticality', refused),
    ),
  ],
};
