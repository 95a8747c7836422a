import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a chaos' statistics. */
interface ChaosStatistics {
  readonly injected?: Readonly<Record<string, number>>;
}

const { counter } = metricsOf<ChaosStatistics>('name');

export const chaos: ComponentKind = {
  component: 'chaos',
  metrics: [
    counter('chaos_injected_total', 'What was injected: latency, fault, outcome', ({ injected }) =>
      byField('what', injected),
    ),
  ],
};
