import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a pipeline's statistics. */
interface PipelineStatistics {
  readonly calls?: Readonly<Record<string, number>>;
}

const { counter } = metricsOf<PipelineStatistics>('name');

export const pipeline: ComponentKind = {
  component: 'pipeline',
  metrics: [
    counter('pipeline_calls_total', 'Ended calls: success, failure, fallback, cancelled', ({ calls }) =>
      byField('outcome', calls),
    ),
  ],
};
